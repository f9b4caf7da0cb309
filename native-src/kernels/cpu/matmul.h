#pragma once

#include "kernels/cpu/matmul_decode.h"
#include "kernels/cpu/matmul_int8.h"
#include "kernels/cpu/matmul_prefill.h"

namespace qwq::cpu {

inline size_t matmul_scratch_bytes(const OpLimits& limits) {
  const size_t panels = static_cast<size_t>(limits.n_threads) * padded_bytes(kPanelBytes);
  const size_t activations = activation_bytes(limits.max_rows, limits.max_cols);
  return panels > activations ? panels : activations;
}

template <class V>
void matmul_prefill(OpContext& ctx, const MatmulArgs& args) {
  for_tiles<V>(ctx, args, kPanelFeatures, kPanelRows,
               [&](const MatmulTile& tile, int worker) { multiply_panel<V>(ctx, args, tile, worker); });
}

QWQ_INLINE bool any_quantised(const MatmulArgs& args) {
  for (int j = 0; j < args.n_jobs; ++j) {
    if (!visit_format(args.jobs[j].weight->dtype, []<class Format>() { return kIsPlain<Format>; }))
      return true;
  }
  return false;
}

template <class V>
void matmul_decode(OpContext& ctx, const MatmulArgs& args) {
  const ActivationGroup* activations = any_quantised(args) ? quantize_activations<V>(ctx, args) : nullptr;
  for_tiles<V>(ctx, args, kDecodeFeatures, kPanelRows, [&](const MatmulTile& tile, int) {
    visit_format(tile.job->weight->dtype, [&]<class Format>() {
      if constexpr (kIsPlain<Format>) {
        dot_tile<V, Format>(args, tile);
      } else {
        dot_tile_int8<V, Format>(activations, activation_groups(args.cols), tile);
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
