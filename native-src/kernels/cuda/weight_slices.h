// Quantised weights of prompts as f16, in scratch memory: a slice of a matrix at a time
// (dequantize_weights.cuh, matmul_prompt_floats.cuh).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace qwq::cuda {

// How large slices may be. No bit of a result depends on it.
struct SliceLimits {
  int64_t elements;  // at least 256 * features
  // Columns are divided only where this many features would not fit otherwise: fewer do not keep a GPU busy.
  // A multiple of 128.
  int64_t features;
};

// 64 MiB, and 40 tiles of features, which with 512 rows of a prompt are 320 blocks of threads.
inline constexpr SliceLimits kSliceLimits = {int64_t{1} << 25, 40 * 128};

// A matrix in slices of equal size, but for the last ones.
struct WeightSlices {
  int64_t features;  // of a slice: all, or a multiple of 128
  int64_t cols;      // all, or a multiple of 256

  WeightSlices(int64_t n_features, int64_t n_cols, const SliceLimits& limits)
      : features(part(n_features, std::max(limits.elements / n_cols, limits.features), 128)),
        cols(part(n_cols, limits.elements / features, 256)) {}

  int64_t elements() const { return features * cols; }

 private:
  // The size of equal parts of n, none larger than `most`.
  static int64_t part(int64_t n, int64_t most, int64_t multiple) {
    if (n <= most) return n;
    most = most / multiple * multiple;
    const int64_t count = (n + most - 1) / most;
    return ((n + count - 1) / count + multiple - 1) / multiple * multiple;
  }
};

// One of them.
struct WeightSlice {
  int64_t first_feature;
  int64_t features;
  int64_t first_col;
  int64_t cols;
};

// As it lies in scratch memory, from a multiple of 16 bytes on.
struct DequantizedMemory {
  float* unscale;    // [features of the matrix] what sums are multiplied by
  uint32_t* halves;  // [features of a slice, its cols] f16

  DequantizedMemory(std::byte* scratch, int64_t n_features)
      : unscale(reinterpret_cast<float*>(scratch)),
        halves(reinterpret_cast<uint32_t*>(scratch + unscale_bytes(n_features))) {}

  static size_t bytes(int64_t n_features, int64_t slice_elements) {
    return unscale_bytes(n_features) + 2 * static_cast<size_t>(slice_elements);
  }

 private:
  static size_t unscale_bytes(int64_t n_features) {
    return (4 * static_cast<size_t>(n_features) + 15) / 16 * 16;
  }
};

}  // namespace qwq::cuda
