// Which rows of weights come through shared memory for generated tokens (matmul_staged_rows.cuh).
#pragma once

#include <cstdint>

namespace qwq::cuda {

// Where that was faster on an H200: where a matrix has rows enough to fill it with blocks of threads, fewer
// if there are many rows of activations. Others gain more by the loads of activations that four groups in
// registers put side by side. No bit of a result depends on it.
struct StagingLimits {
  int64_t rows;                // of weights, from here on, for up to kFewActivations rows of activations
  int64_t rows_if_not_so_few;  // for more

  static constexpr int64_t kFewActivations = 4;

  bool worth(int64_t weight_rows, int64_t n_rows) const {
    return weight_rows >= (n_rows > kFewActivations ? rows_if_not_so_few : rows);
  }
};

inline constexpr StagingLimits kStagingLimits = {16384, 4096};

}  // namespace qwq::cuda
