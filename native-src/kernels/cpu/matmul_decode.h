// The decode recipe of formats that hold floats: weights are widened in registers and multiplied with f32
// activations as they stream by.
//
// Accumulation of an element: vector i of a row goes to accumulator i mod 4 (those after the last four and
// the partial one to the first), lane by lane in ascending order by fused multiply-add (generic: unfused);
// ((a0 + a1) + (a2 + a3)), then lanes pairwise, then the bias. Error at most
// (cols / (4 lanes) + 5 + log2(lanes) + 3) * 2^-24 * sum |x w|.
#pragma once

#include "kernels/cpu/matmul_tiles.h"
#include "kernels/cpu/unpack.h"

namespace qwq::cpu {

// sums[r] = x[r, :] . weights
template <class V, class Format, int R>
QWQ_INLINE void dot_rows(const std::byte* weights, const float* x, int64_t cols, float (&sums)[R]) {
  using F = typename V::F;
  constexpr int L = V::kLanes;
  F acc[R][4];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) acc[r][j] = V::zero();
  }
  int64_t k = 0;
  for (; k + 4 * L <= cols; k += 4 * L) {
    prefetch_ahead<4 * L * Format::kBlockBytes>(weights + k * Format::kBlockBytes);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const F w = load_weights<V, Format>(weights + (k + j * L) * Format::kBlockBytes);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) acc[r][j] = V::fma(V::load(x + r * cols + k + j * L), w, acc[r][j]);
    }
  }
  for (; k + L <= cols; k += L) {
    const F w = load_weights<V, Format>(weights + k * Format::kBlockBytes);
    for (int r = 0; r < R; ++r) acc[r][0] = V::fma(V::load(x + r * cols + k), w, acc[r][0]);
  }
  if (k < cols) {
    const int rest = static_cast<int>(cols - k);
    const F w = load_weights_partial<V, Format>(weights + k * Format::kBlockBytes, rest);
    for (int r = 0; r < R; ++r) acc[r][0] = V::fma(V::load_partial(x + r * cols + k, rest), w, acc[r][0]);
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
    sums[r] = V::reduce_add(V::add(V::add(acc[r][0], acc[r][1]), V::add(acc[r][2], acc[r][3])));
  }
}

// One weight row with R rows of x from `row` on.
template <class V, class Format, int R>
QWQ_INLINE void dot_feature(const MatmulArgs& args, const MatmulJob& job, int64_t feature, int64_t row) {
  float sums[R];
  dot_rows<V, Format, R>(job.weight->row(feature), args.x + row * args.cols, args.cols, sums);
  const float bias = job.bias != nullptr ? job.bias[feature] : 0.0f;
  for (int r = 0; r < R; ++r) job.out[(row + r) * job.out_stride + feature] = sums[r] + bias;
}

template <class V, class Format>
void dot_tile(const MatmulArgs& args, const MatmulTile& tile) {
  constexpr int R = V::kTileQueries;
  for (int64_t f = tile.feature; f < tile.feature + tile.n_features; ++f) {
    int64_t r = tile.row;
    for (; r + R <= tile.row + tile.n_rows; r += R) dot_feature<V, Format, R>(args, *tile.job, f, r);
    for (; r < tile.row + tile.n_rows; ++r) dot_feature<V, Format, 1>(args, *tile.job, f, r);
  }
}

}  // namespace qwq::cpu
