// The model's weights on a device.
#pragma once

#include <unordered_map>

#include "kernels/backend.h"
#include "kernels/cuda/device.h"

namespace qwq::cuda {

class WeightStore {
 public:
  // Bytes that the constructor takes.
  static size_t bytes(const SessionArgs& args);

  // Copies matrices and vectors, through two buffers that the device reads from while the host fills the
  // other. Raises args.loaded_bytes and polls args.cancel meanwhile. Throws DeviceError.
  WeightStore(Device& device, const SessionArgs& args);

  // The copy of a matrix or a vector that the constructor was given.
  const Tensor& matrix(const Tensor& host) const;
  const float* vector(const float* host) const;

 private:
  DeviceMemory memory_;
  std::unordered_map<const void*, Tensor> matrices_;
  std::unordered_map<const float*, const float*> vectors_;
};

}  // namespace qwq::cuda
