// The int8 recipe for few rows of activations: weights are taken apart in registers as they stream by and
// multiplied with up to four rows before they go.
#pragma once

#include "kernels/cpu/int8/generic.h"

namespace qwq::cpu {

// sums[r] = weights . activations[r * n_groups ...]
template <class V, class Format, int R>
QWQ_INLINE void dot_rows_int8(const std::byte* weights, const ActivationGroup* activations, int64_t n_groups,
                              int64_t cols, float (&sums)[R]) {
  using I = Int8<V>;
  constexpr int kBytes = kGroupBytes<Format>;
  typename I::Lanes acc[R];
  for (int r = 0; r < R; ++r) acc[r] = I::zero();
  const int64_t full = cols / kGroupElements;
  for (int64_t g = 0; g < full; ++g) {
    prefetch_ahead<kBytes>(weights + g * kBytes);
    I::template add_group<Format, R>(weights + g * kBytes, activations + g, n_groups, acc);
  }
  if constexpr (Format::kBlockElements < kGroupElements) {
    const int64_t rest = cols % kGroupElements / Format::kBlockElements * Format::kBlockBytes;
    if (rest > 0) {
      // Blocks of zeros meet activations of zero: they add 0 to their lanes.
      std::byte padded[kBytes] = {};
      __builtin_memcpy(padded, weights + full * kBytes, static_cast<size_t>(rest));
      I::template add_group<Format, R>(padded, activations + full, n_groups, acc);
    }
  }
  for (int r = 0; r < R; ++r) sums[r] = I::sum(acc[r]);
}

// One weight row with R rows of activations from `row` on.
template <class V, class Format, int R>
QWQ_INLINE void dot_feature_int8(const ActivationGroup* activations, int64_t n_groups, const MatmulJob& job,
                                 int64_t feature, int64_t row) {
  float sums[R];
  dot_rows_int8<V, Format, R>(job.weight->row(feature), activations, n_groups, job.weight->cols, sums);
  const float bias = job.bias != nullptr ? job.bias[feature] : 0.0f;
  for (int r = 0; r < R; ++r) job.out[(row + r) * job.out_stride + feature] = sums[r] + bias;
}

// activations: those of the tile's first row, [n_rows, n_groups].
template <class V, class Format>
void dot_tile_int8(const ActivationGroup* activations, int64_t n_groups, const MatmulTile& tile) {
  for (int64_t f = tile.feature; f < tile.feature + tile.n_features; ++f) {
    int64_t r = 0;
    for (; r + 4 <= tile.n_rows; r += 4) {
      dot_feature_int8<V, Format, 4>(activations + r * n_groups, n_groups, *tile.job, f, tile.row + r);
    }
    for (; r + 2 <= tile.n_rows; r += 2) {
      dot_feature_int8<V, Format, 2>(activations + r * n_groups, n_groups, *tile.job, f, tile.row + r);
    }
    if (r < tile.n_rows) {
      dot_feature_int8<V, Format, 1>(activations + r * n_groups, n_groups, *tile.job, f, tile.row + r);
    }
  }
}

}  // namespace qwq::cpu
