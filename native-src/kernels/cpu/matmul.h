#pragma once

#include "kernels/cpu/matmul_decode.h"
#include "kernels/cpu/matmul_prefill.h"

namespace qwq::cpu {

inline size_t matmul_scratch_bytes(const OpLimits& limits) {
  return static_cast<size_t>(limits.n_threads) * padded_bytes(kPanelBytes);
}

template <class V>
void matmul_prefill(OpContext& ctx, const MatmulArgs& args) {
  for_tiles<V>(ctx, args, kPanelFeatures, kPanelRows,
               [&](const MatmulTile& tile, int worker) { multiply_panel<V>(ctx, args, tile, worker); });
}

template <class V>
void matmul_decode(OpContext& ctx, const MatmulArgs& args) {
  for_tiles<V>(ctx, args, kDecodeFeatures, kPanelRows, [&](const MatmulTile& tile, int worker) {
    visit_format(tile.job->weight->dtype, [&]<class Format>() {
      if constexpr (kIsPlain<Format>) {
        dot_tile<V, Format>(args, tile);
      } else {
        multiply_panel<V>(ctx, args, tile, worker);
      }
    });
  });
}

template <class V>
void matmul(OpContext& ctx, const MatmulArgs& args) {
  if (args.recipe == Recipe::kPrefill) {
    matmul_prefill<V>(ctx, args);
  } else {
    matmul_decode<V>(ctx, args);
  }
}

}  // namespace qwq::cpu
