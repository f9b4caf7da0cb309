// What is wanted of a step's logits, from the batch to the device and back.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/sampling.h"

namespace qwq::cuda {

class StepOutputs {
 public:
  // Of the device's memory; of the host's as much.
  static size_t bytes(const OpLimits& limits);

  StepOutputs(Device& device, const OpLimits& limits);

  // Describes output rows [first, first + n) of the batch in `n_filled` >= n rows and starts to copy that;
  // what was described last must have been sampled. False if their lists are too long for the memory.
  bool describe(const StepTable& step, int64_t first, int64_t n, int64_t n_filled);

  // Samples what was described from its rows of logits. `reused`: for what will be described for other steps
  // in as many rows, too.
  void sample(const float* logits, bool reused, std::byte* scratch);

  // Writes the results of sample() into the batch.
  void take(const StepTable& step, int64_t first, int64_t n);

 private:
  static size_t list_bytes(const OpLimits& limits);

  Device& device_;
  OpLimits limits_;
  size_t rows_bytes_;
  HostMemory host_memory_;
  DeviceMemory memory_;
  HostMemory host_results_;
  DeviceMemory results_;
  size_t described_bytes_ = 0;
  int64_t n_rows_ = 0;
};

}  // namespace qwq::cuda
