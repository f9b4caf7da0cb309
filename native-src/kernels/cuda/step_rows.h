// The rows of a step, as they go to the device and as its operators see them.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/ops.h"

namespace qwq::cuda {

class StepRows {
 public:
  // On the device, and as much of the host's memory.
  static size_t bytes(const OpLimits& limits);

  // The most rows of a captured step; up to eight they are as many as the step's, then the next multiple of
  // eight.
  static constexpr int64_t kMostCaptured = 64;

  // `spare_block` of the cache gets the rows that fill captured steps. Throws DeviceError.
  StepRows(Device& device, const OpLimits& limits, int32_t spare_block);

  // Takes a step in and starts to copy it. What the last one brought must have arrived.
  void set(const StepTable& table);

  // A step that can be captured: one row of each sequence, all generated, and the logits of all of them or of
  // none.
  bool capturable() const { return capturable_; }
  // Steps with the same key are launched alike.
  uint64_t key() const { return key_; }

  int64_t n_generated() const { return n_generated_; }  // with filling rows
  int64_t n_rows() const { return all_.n_rows; }        // the same

  const DeviceRows& all() const { return all_; }
  const DeviceRows& rows(Recipe recipe) const { return recipe == Recipe::kPrefill ? prompt_ : generated_; }
  const int32_t* positions() const { return section(kPositions); }
  const int32_t* output_rows() const { return section(kOutputs); }

 private:
  enum Section { kPositions, kTableOf, kPromptRuns, kGeneratedRuns, kOutputs, kTables };

  static size_t section_ints(const OpLimits& limits);
  static size_t table_ints(const OpLimits& limits);
  int32_t* host(Section s) const { return host_ints_ + static_cast<size_t>(s) * section_ints_; }
  const int32_t* section(Section s) const { return device_ints_ + static_cast<size_t>(s) * section_ints_; }

  int64_t add_sequence(const AttentionRow* rows, int64_t n_rows, int64_t first);
  void add_filling_rows(int64_t n_rows);
  DeviceRows add_runs(Section section, int64_t first, int64_t n_rows);

  Device& device_;
  OpLimits limits_;
  int32_t spare_block_;
  size_t section_ints_;
  HostMemory host_memory_;
  DeviceMemory memory_;
  int32_t* host_ints_;
  const int32_t* device_ints_;

  int64_t n_table_entries_ = 0;
  int64_t most_tokens_ = 0;
  bool capturable_ = false;
  uint64_t key_ = 0;
  int64_t n_generated_ = 0;
  DeviceRows all_ = {};
  DeviceRows prompt_ = {};
  DeviceRows generated_ = {};
};

}  // namespace qwq::cuda
