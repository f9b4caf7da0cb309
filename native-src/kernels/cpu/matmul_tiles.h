#pragma once

#include "formats/half.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

// Of a task. Panels amortise taking weights apart over many rows and must fit a core's own cache; where
// weights are read once, small tasks spread them evenly.
inline constexpr int kPanelFeatures = 48;       // a multiple of every register tile
inline constexpr int kDecodeFeatures = 32;      // a multiple of what shares activations
inline constexpr int64_t kTaskRows = 192;       // a multiple of every register tile of rows
inline constexpr int64_t kFewestTaskRows = 16;  // no task takes fewer, unless there are no more

// A piece of one job: features [feature, feature + n_features), rows [row, row + n_rows) of x.
struct MatmulTile {
  const MatmulJob* job;
  int64_t feature;
  int n_features;
  int64_t row;
  int64_t n_rows;
};

QWQ_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
QWQ_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The processor's own prefetchers stop at the end of a page of 4 KiB and start slowly in the next.
// N streams side by side divide the distance among them: as many bytes under way, as much time ahead.
inline constexpr int kPrefetchAhead = 4096;

// Asks for the bytes that lie `ahead` beyond those at p; harmless where nothing lies there.
template <int bytes, int ahead = kPrefetchAhead>
QWQ_INLINE void prefetch_ahead(const std::byte* p) {
#pragma GCC unroll 8
  for (int i = 0; i < bytes; i += 64) __builtin_prefetch(p + ahead + i);
}

// Visits all features of a tile. Where `shared`, body<N>(feature, stride) takes N of them, `stride` apart, so
// that they share one read of the activations, and body<1>(feature, 1) the rest. Each of the N streams runs
// on through neighbouring rows of weights: streams that end after a row cost more than they save.
template <int N, typename Body>
QWQ_INLINE void for_features(const MatmulTile& tile, bool shared, Body&& body) {
  const int64_t end = tile.feature + tile.n_features;
  int64_t feature = tile.feature;
  if constexpr (N > 1) {
    if (shared && tile.n_features >= 2 * N) {
      const int64_t stride = tile.n_features / N;
      for (; feature < tile.feature + stride; ++feature) body.template operator()<N>(feature, stride);
      feature += (N - 1) * stride;
    }
  }
  for (; feature < end; ++feature) body.template operator()<1>(feature, int64_t{1});
}

// Writes what N features, `stride` apart, have given for R rows, bias added.
template <int N, int R>
QWQ_INLINE void store_sums(const float (&sums)[N][R], const MatmulJob& job, int64_t feature, int64_t stride,
                           int64_t row) {
#pragma GCC unroll 4
  for (int n = 0; n < N; ++n) {
    const int64_t f = feature + n * stride;
    const float bias = job.bias != nullptr ? job.bias[f] : 0.0f;
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) job.out[(row + r) * job.out_stride + f] = sums[n][r] + bias;
  }
}

// Calls body(tile, worker) on the pool for tiles that cover all jobs, so that small matrices (k and v)
// share a section with large ones. A last row tile of fewer than `fewest` rows joins the one before it.
template <class V, typename Body>
void for_tiles(OpContext& ctx, const MatmulArgs& args, int features_per_tile, int64_t rows_per_tile,
               int64_t fewest, Body&& body) {
  int64_t row_tiles = ceil_div(args.n_rows, rows_per_tile);
  if (row_tiles > 1 && args.n_rows - (row_tiles - 1) * rows_per_tile < fewest) --row_tiles;
  int64_t n_tasks = 0;
  for (int j = 0; j < args.n_jobs; ++j) {
    n_tasks += ceil_div(args.jobs[j].weight->rows, features_per_tile) * row_tiles;
  }
  ctx.pool->parallel_for(n_tasks, [&](int64_t task, int worker) {
    if (ctx.cancelled()) return;
    const MatmulJob* job = args.jobs;
    for (;;) {
      const int64_t tasks_of_job = ceil_div(job->weight->rows, features_per_tile) * row_tiles;
      if (task < tasks_of_job) break;
      task -= tasks_of_job;
      ++job;
    }
    const int64_t feature = task / row_tiles * features_per_tile;
    const int64_t row = task % row_tiles * rows_per_tile;
    const int64_t row_end = task % row_tiles == row_tiles - 1 ? args.n_rows : row + rows_per_tile;
    const MatmulTile tile = {job, feature,
                             static_cast<int>(smaller(features_per_tile, job->weight->rows - feature)), row,
                             row_end - row};
    body(tile, worker);
  });
}

}  // namespace qwq::cpu
