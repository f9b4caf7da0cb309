// Prompts on matrix units (AMX): the recipe of quantised and BF16 weights for tokens of the prompt's role.
// Weights become bf16, once for up to kTileTaskRows rows of x, and so do these; the units sum in f32. Nothing
// is scaled in between, which is what keeps the int8 recipe (int8/panel_amx.h) from their rate.
//
//   for each kChunkColumns columns                          (the rows' part: 512 KiB, stays in L2)
//     for each panel of 32 features of a task               (taken apart: 32 KiB, stays in L1)
//       for each 32 rows                                    (sums: 4 tiles)
//         for each 32 columns                               (2 tiles of weights, 2 of rows, 4 products)
//
// An element is bias + sum, whatever rows are beside it: 32 columns at a time, ascending, are added to the
// sum; of them, even and odd ones are first added up apart, from zero, fused, in f32. Beside rounding x and
// w, 2^-8 relative each, the error is at most (cols / 32 + 18) * 2^-24 * sum |x w|.
#pragma once

#include "kernels/cpu/matmul_tiles.h"
#include "kernels/cpu/unpack.h"
#include "kernels/scratch.h"

namespace qwq::cpu {

// Variants that have such units; without a specialisation prompts follow the recipes of generated tokens, or
// matmul_prefill.h.
//
//   static constexpr bool kUsable = true;
//   static void pack(OpContext&, const MatmulArgs&, uint16_t* tiles);          all rows, on the pool
//   static void multiply<Format>(const OpContext&, const MatmulArgs&, const MatmulTile&, const TileRows&,
//                                TileScratch*);                                 a task
template <class V>
struct TilePrefill {
  static constexpr bool kUsable = false;
};

inline constexpr int kTileSide = 16;     // features or rows
inline constexpr int kTileColumns = 32;  // 64 bytes of bf16
inline constexpr int kTileElements = kTileSide * kTileColumns;
inline constexpr int kChunkTiles = 16;
inline constexpr int kChunkColumns = kChunkTiles * kTileColumns;
inline constexpr int kTilePanelFeatures = 2 * kTileSide;
inline constexpr int kMostTilePanels = 8;      // of a task
inline constexpr int64_t kTileTaskRows = 512;  // of a task

// Rows of x in bf16, as the units want their second operand: [chunk][tile of rows][tile of columns] tiles of
// [pair of columns][row][2]. Zero beyond the last row and column.
struct TileRows {
  const uint16_t* tiles;
  int64_t n_row_tiles;

  QWQ_INLINE static size_t bytes(int64_t n_rows, int64_t cols) {
    const int64_t tiles = ceil_div(n_rows, kTileSide) * ceil_div(cols, kChunkColumns) * kChunkTiles;
    return static_cast<size_t>(tiles) * kTileElements * sizeof(uint16_t);
  }
  QWQ_INLINE const uint16_t* at(int64_t chunk, int64_t row_tile) const {
    return tiles + (chunk * n_row_tiles + row_tile) * kChunkTiles * kTileElements;
  }
};

struct TileScratch {
  alignas(64) uint16_t weights[2][kChunkTiles][kTileElements];
  // Of a panel: [tile of rows][half of the features] tiles of [feature][row].
  alignas(64) float sums[kMostTilePanels][kTileTaskRows / kTileSide][2][kTileSide][kTileSide];
};

template <class Format>
inline constexpr bool kHasTileProduct = !kIsPlain<Format> || Format::kDType == DType::kBF16;

QWQ_INLINE bool has_tile_product(DType dtype) {
  return visit_format(dtype, []<class Format>() { return kHasTileProduct<Format>; });
}

template <class V>
size_t tile_rows_bytes(int64_t n_rows, int64_t cols) {
  if constexpr (TilePrefill<V>::kUsable) return TileRows::bytes(n_rows, cols);
  return 0;
}

template <class V>
constexpr size_t tile_scratch_bytes() {
  if constexpr (TilePrefill<V>::kUsable) return sizeof(TileScratch);
  return 0;
}

// Products of jobs for which has_tile_product().
template <class V>
void multiply_prompt_on_tiles(OpContext& ctx, const MatmulArgs& args, size_t worker_bytes) {
  auto* tiles = reinterpret_cast<uint16_t*>(ctx.scratch);
  TilePrefill<V>::pack(ctx, args, tiles);
  const TileRows rows = {tiles, ceil_div(args.n_rows, kTileSide)};
  int64_t features = 0;
  for (int j = 0; j < args.n_jobs; ++j) features += args.jobs[j].weight->rows;
  // Large tasks share the rows in L2, many keep all threads busy.
  const int64_t wanted = ceil_div(features, int64_t{3} * kTilePanelFeatures * ctx.pool->size());
  const int panels = static_cast<int>(smaller(wanted, kMostTilePanels));
  const size_t skip = padded_bytes(TileRows::bytes(args.n_rows, args.cols));
  for_tiles<V>(ctx, args, panels * kTilePanelFeatures, kTileTaskRows, 1,
               [&](const MatmulTile& tile, int worker) {
                 auto* scratch = worker_scratch<TileScratch>(ctx, worker, worker_bytes, skip);
                 visit_format(tile.job->weight->dtype, [&]<class Format>() {
                   if constexpr (kHasTileProduct<Format>) {
                     TilePrefill<V>::template multiply<Format>(ctx, args, tile, rows, scratch);
                   }
                 });
               });
}

}  // namespace qwq::cpu
