// The prefill recipe of formats that hold floats: a panel of weights is widened to f32 into cache and
// multiplied with every row of x.
//
//   for each panel of kPanelFeatures weight rows                       (a task)
//     for each block of kPanelDepth columns                            (panel: 192 KiB, stays in L2)
//       for each kTileRows rows of x                                   (their block stays in L1)
//         for each kTileFeatures rows of the panel                     (accumulators stay in registers)
//
// Accumulation of an element: within a depth block, lane l sums the columns k = l (mod lanes) in ascending
// order by fused multiply-add (generic: unfused); lanes are added pairwise; blocks are added in ascending
// order to the bias. Nothing of that depends on the number of rows, the tiling or the threads. With
// n = kPanelDepth / lanes additions a lane the error is at most
// (n + log2(lanes) + cols / kPanelDepth + 2) * 2^-24 * sum |x w|.
#pragma once

#include "kernels/cpu/matmul_tiles.h"
#include "kernels/cpu/unpack.h"

namespace qwq::cpu {

inline constexpr int kPanelDepth = 1024;

inline constexpr size_t kPanelBytes = sizeof(float) * kPanelFeatures * kPanelDepth;

// sums[r][f] = x[r, :] . panel[f, :] over `depth` columns.
template <class V, int R>
QWQ_INLINE void multiply_tile(const float* x, int64_t x_stride, const float* panel, int depth,
                              float (&sums)[R][V::kTileFeatures]) {
  using F = typename V::F;
  constexpr int N = V::kTileFeatures;
  F acc[R][N];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int f = 0; f < N; ++f) acc[r][f] = V::zero();
  }
  int k = 0;
  for (; k + V::kLanes <= depth; k += V::kLanes) {
    F w[N];
#pragma GCC unroll 8
    for (int f = 0; f < N; ++f) w[f] = V::load(panel + f * kPanelDepth + k);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const F v = V::load(x + r * x_stride + k);
#pragma GCC unroll 8
      for (int f = 0; f < N; ++f) acc[r][f] = V::fma(v, w[f], acc[r][f]);
    }
  }
  if (k < depth) {
    for (int r = 0; r < R; ++r) {
      const F v = V::load_partial(x + r * x_stride + k, depth - k);
      for (int f = 0; f < N; ++f) {
        acc[r][f] = V::fma(v, V::load_partial(panel + f * kPanelDepth + k, depth - k), acc[r][f]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int f = 0; f < N; ++f) sums[r][f] = V::reduce_add(acc[r][f]);
  }
}

// Multiplies the panel with R rows of x from tile.row on, and adds to (or, in the first depth block, begins)
// the output.
template <class V, int R>
void multiply_rows(const MatmulArgs& args, const MatmulTile& tile, int64_t row, int64_t column, int depth,
                   const float* panel) {
  constexpr int N = V::kTileFeatures;
  const MatmulJob& job = *tile.job;
  const float* x = args.x + row * args.cols + column;
  for (int f0 = 0; f0 < tile.n_features; f0 += N) {
    float sums[R][N];
    multiply_tile<V, R>(x, args.cols, panel + f0 * kPanelDepth, depth, sums);
    const int n = static_cast<int>(smaller(N, tile.n_features - f0));
    for (int r = 0; r < R; ++r) {
      float* out = job.out + (row + r) * job.out_stride + tile.feature + f0;
      for (int f = 0; f < n; ++f) {
        const float bias = job.bias != nullptr ? job.bias[tile.feature + f0 + f] : 0.0f;
        out[f] = (column == 0 ? bias : out[f]) + sums[r][f];
      }
    }
  }
}

// The same for n rows, 1 <= n <= R.
template <class V, int R>
void multiply_up_to(int64_t n, const MatmulArgs& args, const MatmulTile& tile, int64_t row, int64_t column,
                    int depth, const float* panel) {
  if constexpr (R > 1) {
    if (n < R) return multiply_up_to<V, R - 1>(n, args, tile, row, column, depth, panel);
  }
  multiply_rows<V, R>(args, tile, row, column, depth, panel);
}

// Decodes the columns [column, column + depth) of the tile's features; features that fill up the last
// register tile are zero.
template <class V, class Format>
void unpack_panel(const MatmulTile& tile, int64_t column, int depth, float* panel) {
  const size_t offset = static_cast<size_t>(column) * Format::kBlockBytes;
  for (int f = 0; f < tile.n_features; ++f) {
    unpack<V, Format>(tile.job->weight->row(tile.feature + f) + offset, depth, panel + f * kPanelDepth);
  }
  for (int f = tile.n_features; f % V::kTileFeatures != 0; ++f) {
    for (int k = 0; k < depth; ++k) panel[f * kPanelDepth + k] = 0.0f;
  }
}

template <class V, class Format>
void multiply_panel(const OpContext& ctx, const MatmulArgs& args, const MatmulTile& tile, float* panel) {
  static_assert(kIsPlain<Format> && kPanelFeatures % V::kTileFeatures == 0);
  for (int64_t column = 0; column < args.cols; column += kPanelDepth) {
    if (ctx.cancelled()) return;
    const int depth = static_cast<int>(smaller(kPanelDepth, args.cols - column));
    unpack_panel<V, Format>(tile, column, depth, panel);
    for (int64_t r = 0; r < tile.n_rows; r += V::kTileRows) {
      multiply_up_to<V, V::kTileRows>(smaller(V::kTileRows, tile.n_rows - r), args, tile, tile.row + r,
                                      column, depth, panel);
    }
  }
}

}  // namespace qwq::cpu
