// The decode recipe of formats that hold floats: weights are widened in registers and multiplied with f32
// activations as they stream by. Several rows of activations share a row of weights; where they are few,
// several rows of weights share one of activations.
//
// Accumulation of an element: vector i of a row goes to accumulator i mod 4 (those after the last four and
// the partial one to the first), lane by lane in ascending order by fused multiply-add (generic: unfused);
// ((a0 + a1) + (a2 + a3)), then lanes pairwise, then the bias. Error at most
// (cols / (4 lanes) + 5 + log2(lanes) + 3) * 2^-24 * sum |x w|.
#pragma once

#include "kernels/cpu/matmul_tiles.h"
#include "kernels/cpu/unpack.h"

namespace qwq::cpu {

// sums[n][r] = x[r, :] . weights[n]
template <class V, class Format, int N, int R>
QWQ_INLINE void dot_rows(const std::byte* const (&weights)[N], const float* x, int64_t cols,
                         float (&sums)[N][R]) {
  using F = typename V::F;
  constexpr int L = V::kLanes;
  constexpr int kBytes = Format::kBlockBytes;
  F acc[N][R][4];
#pragma GCC unroll 4
  for (int n = 0; n < N; ++n) {
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) acc[n][r][j] = V::zero();
    }
  }
  int64_t k = 0;
  for (; k + 4 * L <= cols; k += 4 * L) {
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) prefetch_ahead<4 * L * kBytes, kPrefetchAhead / N>(weights[n] + k * kBytes);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const int64_t i = k + j * L;
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) {
        const F w = load_weights<V, Format>(weights[n] + i * kBytes);
#pragma GCC unroll 4
        for (int r = 0; r < R; ++r) acc[n][r][j] = V::fma(V::load(x + r * cols + i), w, acc[n][r][j]);
      }
    }
  }
#pragma GCC unroll 4
  for (int n = 0; n < N; ++n) {
    int64_t i = k;
    for (; i + L <= cols; i += L) {
      const F w = load_weights<V, Format>(weights[n] + i * kBytes);
      for (int r = 0; r < R; ++r) acc[n][r][0] = V::fma(V::load(x + r * cols + i), w, acc[n][r][0]);
    }
    if (i < cols) {
      const int rest = static_cast<int>(cols - i);
      const F w = load_weights_partial<V, Format>(weights[n] + i * kBytes, rest);
      for (int r = 0; r < R; ++r) {
        acc[n][r][0] = V::fma(V::load_partial(x + r * cols + i, rest), w, acc[n][r][0]);
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const F(&a)[4] = acc[n][r];
      sums[n][r] = V::reduce_add(V::add(V::add(a[0], a[1]), V::add(a[2], a[3])));
    }
  }
}

// Features `feature`, `feature` + stride, ..., N of them, with R rows of x from `row` on.
template <class V, class Format, int N, int R>
QWQ_INLINE void dot_features(const MatmulArgs& args, const MatmulJob& job, int64_t feature, int64_t stride,
                             int64_t row) {
  const std::byte* weights[N];
  for (int n = 0; n < N; ++n) weights[n] = job.weight->row(feature + n * stride);
  float sums[N][R];
  dot_rows<V, Format, N, R>(weights, args.x + row * args.cols, args.cols, sums);
  store_sums(sums, job, feature, stride, row);
}

template <class V, class Format>
void dot_tile(const MatmulArgs& args, const MatmulTile& tile) {
  constexpr int R = V::kDecodeTile;
  const int64_t end = tile.row + tile.n_rows;
  const auto dot = [&]<int N>(int64_t feature, int64_t stride) {
    int64_t r = tile.row;
    if constexpr (N == 1) {
      for (; r + R <= end; r += R) dot_features<V, Format, 1, R>(args, *tile.job, feature, 1, r);
    }
    for (; r < end; ++r) dot_features<V, Format, N, 1>(args, *tile.job, feature, stride, r);
  };
  // Even short rows of f32 come in faster than weights do: rows that are too few to share weights share
  // activations.
  for_features<R>(tile, tile.n_rows < R, dot);
}

}  // namespace qwq::cpu
