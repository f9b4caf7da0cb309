// Activations of prompts rounded to the 16-bit type of their weights (matmul_prompt_floats.cuh).
#pragma once

#include "kernels/cuda/simt.h"

namespace qwq::cuda {

inline constexpr int kPromptColumns = 64;  // that a block of threads multiplies at a time

// x as the products take it: rows padded with zeros to multiples of kPromptColumns, and what their sums are
// multiplied by.
struct RoundedSizes {
  int64_t n_rows;
  int64_t stride;  // of a row, in elements

  RoundedSizes(int64_t n_rows, int64_t cols)
      : n_rows(n_rows), stride(ceil_div(cols, kPromptColumns) * kPromptColumns) {}

  size_t words() const { return static_cast<size_t>(n_rows * stride / 2); }
  size_t bytes() const { return 4 * (words() + static_cast<size_t>(n_rows)); }
};

struct RoundedMemory {
  uint32_t* x;     // [n_rows, stride] 16-bit floats
  float* unscale;  // [n_rows]

  RoundedMemory(std::byte* scratch, const RoundedSizes& sizes)
      : x(reinterpret_cast<uint32_t*>(scratch)), unscale(reinterpret_cast<float*>(x + sizes.words())) {}
};

}  // namespace qwq::cuda
