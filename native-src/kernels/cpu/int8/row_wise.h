// The int8 recipe for few rows of activations: weights are taken apart in registers as they stream by and
// multiplied with up to four rows before they go; rows of activations that do not stay in L1 are read by
// several rows of weights at once.
#pragma once

#include "kernels/cpu/int8/generic.h"

namespace qwq::cpu {

// sums[n][r] = weights[n] . activations[r * n_groups ...]
template <class V, class Format, int N, int R>
QWQ_INLINE void dot_rows_int8(const std::byte* const (&weights)[N], const ActivationGroup* activations,
                              int64_t n_groups, int64_t cols, float (&sums)[N][R]) {
  using I = Int8<V>;
  constexpr int kBytes = kGroupBytes<Format>;
  typename I::Lanes acc[N][R];
#pragma GCC unroll 4
  for (int n = 0; n < N; ++n) {
    for (int r = 0; r < R; ++r) acc[n][r] = I::zero();
  }
  const int64_t full = cols / kGroupElements;
  for (int64_t g = 0; g < full; ++g) {
#pragma GCC unroll 1  // as code in a row, N copies for each R made this file the slowest of all to compile
    for (int n = 0; n < N; ++n) {
      const std::byte* group = weights[n] + g * kBytes;
      prefetch_ahead<kBytes, kPrefetchAhead / N>(group);
      I::template add_group<Format, R>(group, activations + g, n_groups, acc[n]);
    }
  }
  if constexpr (Format::kBlockElements < kGroupElements) {
    const int64_t rest = cols % kGroupElements / Format::kBlockElements * Format::kBlockBytes;
    if (rest > 0) {
#pragma GCC unroll 1
      for (int n = 0; n < N; ++n) {
        // Blocks of zeros meet activations of zero: they add 0 to their lanes.
        std::byte padded[kBytes] = {};
        __builtin_memcpy(padded, weights[n] + full * kBytes, static_cast<size_t>(rest));
        I::template add_group<Format, R>(padded, activations + full, n_groups, acc[n]);
      }
    }
  }
#pragma GCC unroll 4
  for (int n = 0; n < N; ++n) {
    for (int r = 0; r < R; ++r) sums[n][r] = I::sum(acc[n][r]);
  }
}

// Features `feature`, `feature` + stride, ..., N of them, with R rows of activations from `row` on.
template <class V, class Format, int N, int R>
QWQ_INLINE void dot_features_int8(const ActivationGroup* activations, int64_t n_groups, const MatmulJob& job,
                                  int64_t feature, int64_t stride, int64_t row) {
  const std::byte* weights[N];
  for (int n = 0; n < N; ++n) weights[n] = job.weight->row(feature + n * stride);
  float sums[N][R];
  dot_rows_int8<V, Format, N, R>(weights, activations, n_groups, job.weight->cols, sums);
  store_sums(sums, job, feature, stride, row);
}

// Activations are read again for every feature, beside weights that are fetched into the same L1 of 32 KiB or
// more. Where they take more than this, features share reading them.
inline constexpr int64_t kOwnActivationBytes = 20 << 10;
inline constexpr int64_t kReadGroupBytes = 256 + 64;  // about; of a group, what meets one format

// activations: those of the tile's first row, [n_rows, n_groups].
template <class V, class Format>
void dot_tile_int8(const ActivationGroup* activations, int64_t n_groups, const MatmulTile& tile) {
  const auto dot = [&]<int N, int R>(int64_t feature, int64_t stride, int64_t r) {
    dot_features_int8<V, Format, N, R>(activations + r * n_groups, n_groups, *tile.job, feature, stride,
                                       tile.row + r);
  };
  const auto dot_all_rows = [&]<int N>(int64_t feature, int64_t stride) {
    int64_t r = 0;
    for (; r + 4 <= tile.n_rows; r += 4) dot.template operator()<N, 4>(feature, stride, r);
    for (; r + 2 <= tile.n_rows; r += 2) dot.template operator()<N, 2>(feature, stride, r);
    if (r < tile.n_rows) dot.template operator()<N, 1>(feature, stride, r);
  };
  for_features<V::kDecodeStreams>(tile, tile.n_rows * n_groups * kReadGroupBytes > kOwnActivationBytes,
                                  dot_all_rows);
}

}  // namespace qwq::cpu
