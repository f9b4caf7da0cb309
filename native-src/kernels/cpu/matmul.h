#pragma once

#include "kernels/cpu/int8/matmul_int8.h"
#include "kernels/cpu/matmul_decode.h"
#include "kernels/cpu/matmul_prefill.h"
#include "kernels/cpu/tile_prefill.h"

namespace qwq::cpu {

// What a worker needs beside the activations.
template <class V>
constexpr size_t matmul_worker_bytes() {
  const size_t panel = panel_scratch_bytes<V>() > kPanelBytes ? panel_scratch_bytes<V>() : kPanelBytes;
  return tile_scratch_bytes<V>() > panel ? tile_scratch_bytes<V>() : panel;
}

template <class V>
size_t matmul_scratch_bytes(const OpLimits& limits) {
  const size_t quantized = quantized_rows_bytes<V>(limits.max_rows, limits.max_cols);
  const size_t tiles = tile_rows_bytes<V>(limits.max_rows, limits.max_cols);
  return padded_bytes(quantized > tiles ? quantized : tiles) +
         static_cast<size_t>(limits.n_threads) * padded_bytes(matmul_worker_bytes<V>());
}

QWQ_INLINE bool is_plain(DType dtype) {
  return visit_format(dtype, []<class Format>() { return kIsPlain<Format>; });
}

QWQ_INLINE bool any_quantised(const MatmulArgs& args) {
  for (int j = 0; j < args.n_jobs; ++j) {
    if (!is_plain(args.jobs[j].weight->dtype)) return true;
  }
  return false;
}

// Formats that hold floats have a recipe for prompts and one for generated tokens; quantised ones follow the
// int8 recipe in both roles.
template <class V, class Format>
void multiply_plain(const OpContext& ctx, const MatmulArgs& args, const MatmulTile& tile, float* panel) {
  if (args.recipe == Recipe::kPrefill) {
    multiply_panel<V, Format>(ctx, args, tile, panel);
  } else {
    dot_tile<V, Format>(args, tile);
  }
}

template <class V>
void multiply_tiles(OpContext& ctx, const MatmulArgs& args, const QuantizedRows<V>* rows) {
  const bool panels = args.recipe == Recipe::kPrefill || (rows != nullptr && rows->packed() > 0);
  const int features = panels ? kPanelFeatures : kDecodeFeatures;
  const size_t skip = padded_bytes(quantized_rows_bytes<V>(args.n_rows, args.cols));
  for_tiles<V>(ctx, args, features, kTaskRows, kFewestTaskRows, [&](const MatmulTile& tile, int worker) {
    std::byte* memory = worker_scratch<std::byte>(ctx, worker, matmul_worker_bytes<V>(), skip);
    visit_format(tile.job->weight->dtype, [&]<class Format>() {
      if constexpr (kIsPlain<Format>) {
        multiply_plain<V, Format>(ctx, args, tile, reinterpret_cast<float*>(memory));
      } else {
        rows->template multiply<Format>(ctx, tile, memory);
      }
    });
  });
}

template <class V>
void multiply_jobs(OpContext& ctx, const MatmulArgs& args) {
  if (!any_quantised(args)) return multiply_tiles<V>(ctx, args, nullptr);
  const QuantizedRows<V> rows(ctx, args);
  multiply_tiles<V>(ctx, args, &rows);
}

// Prompts have a recipe of their own where there are matrix units, for most formats.
template <class V>
void matmul(OpContext& ctx, const MatmulArgs& args) {
  if constexpr (TilePrefill<V>::kUsable) {
    if (args.recipe == Recipe::kPrefill) {
      // Jobs in runs of the same recipe; nearly always one.
      for (int first = 0; first < args.n_jobs;) {
        const bool on_tiles = has_tile_product(args.jobs[first].weight->dtype);
        int end = first + 1;
        while (end < args.n_jobs && has_tile_product(args.jobs[end].weight->dtype) == on_tiles) ++end;
        MatmulArgs run = args;
        run.jobs += first;
        run.n_jobs = end - first;
        if (on_tiles) {
          multiply_prompt_on_tiles<V>(ctx, run, matmul_worker_bytes<V>());
        } else {
          multiply_jobs<V>(ctx, run);
        }
        first = end;
      }
      return;
    }
  }
  multiply_jobs<V>(ctx, args);
}

}  // namespace qwq::cpu
