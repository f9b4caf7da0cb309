// The decode recipe of quantised formats: int8 activations, exact integer sums of blocks, f32 beyond.
//
// Accumulation of an element: eight f32 lanes, lane b for blocks b, b + 8, ... of 32 elements in ascending
// order, each addition as Int8 states; then ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)), then the bias. The
// same bits on every variant, whatever the batch and threads. Beside the rounding of the activations (scale /
// 2 an element) the error is at most (cols / 256 + 3 + 5) * 2^-24 * sum |scale q w|, where for Q4_K the sum
// counts both terms of w.
#pragma once

#include "kernels/cpu/int8_generic.h"

namespace qwq::cpu {

template <class V, class Format>
QWQ_INLINE float dot_int8(const std::byte* weights, const ActivationGroup* activations, int64_t cols) {
  using I = Int8<V>;
  constexpr int kGroupBytes = kGroupElements / Format::kBlockElements * Format::kBlockBytes;
  typename I::Lanes acc = I::zero();
  const int64_t full = cols / kGroupElements;
  for (int64_t g = 0; g < full; ++g) {
    I::template add_group<Format>(weights + g * kGroupBytes, activations[g], acc);
  }
  if constexpr (Format::kBlockElements < kGroupElements) {
    const int64_t rest = cols % kGroupElements / Format::kBlockElements * Format::kBlockBytes;
    if (rest > 0) {
      // Blocks of zeros meet activations of zero: they add 0 to their lanes.
      std::byte padded[kGroupBytes] = {};
      __builtin_memcpy(padded, weights + full * kGroupBytes, static_cast<size_t>(rest));
      I::template add_group<Format>(padded, activations[full], acc);
    }
  }
  return I::sum(acc);
}

template <class V, class Format>
void dot_tile_int8(const ActivationGroup* activations, int64_t n_groups, const MatmulTile& tile) {
  const MatmulJob& job = *tile.job;
  for (int64_t f = tile.feature; f < tile.feature + tile.n_features; ++f) {
    const float bias = job.bias != nullptr ? job.bias[f] : 0.0f;
    for (int64_t r = tile.row; r < tile.row + tile.n_rows; ++r) {
      const float sum = dot_int8<V, Format>(job.weight->row(f), activations + r * n_groups, job.weight->cols);
      job.out[r * job.out_stride + f] = sum + bias;
    }
  }
}

}  // namespace qwq::cpu
