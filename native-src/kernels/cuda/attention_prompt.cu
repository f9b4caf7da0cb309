#include "kernels/cuda/attention_prompt.h"

#include <algorithm>

#include "kernels/cuda/attention_prompt.cuh"

namespace qwq::cuda {

namespace {

template <int kHeadDim, bool kQ8>
void launch_prompt(Stream& stream, const AttentionArgs& args, const DeviceRows& rows) {
  const KvLayer& kv = args.kv;
  const int group = args.n_heads / kv.n_kv_heads;
  const int rows_of_block = std::max(1, kPromptQueries / group);
  const size_t width = static_cast<size_t>(args.n_heads) * static_cast<size_t>(kv.head_dim);
  const size_t extent = static_cast<size_t>(rows.n_rows - 1) * static_cast<size_t>(args.q_stride) + width;
  Launch launch(stream, "attention_prompt");
  const PromptParams params = {
      .q = launch.in("q", args.q, extent),
      .q_stride = args.q_stride,
      .n_rows = rows.n_rows,
      .rows_of_block = rows_of_block,
      .rows = rows_in(launch, rows),
      .cache = CacheParams<const uint8_t>(
          launch.in("cache", reinterpret_cast<const uint8_t*>(kv.base), cache_bytes(kv, rows)), kv),
      .group = group,
      .scale = args.scale,
      .out = launch.out("out", args.out, static_cast<size_t>(rows.n_rows) * width),
  };
  launch.run({.grid_x = ceil_div(rows.n_rows, rows_of_block),
              .grid_y = kv.n_kv_heads,
              .grid_z = ceil_div(int64_t{rows_of_block} * group, kPromptQueries),
              .threads = kPromptThreads},
             attention_prompt<kHeadDim, kQ8>, params);
}

}  // namespace

bool has_prompt_kernel(const AttentionArgs& args) {
  return args.recipe == Recipe::kPrefill && (args.kv.head_dim == 64 || args.kv.head_dim == 128) &&
         (args.kv.type == KvType::kF16 || args.kv.type == KvType::kQ8_0);
}

void attend_prompt(Stream& stream, const AttentionArgs& args, const DeviceRows& rows) {
  const bool q8 = args.kv.type == KvType::kQ8_0;
  if (args.kv.head_dim == 64) {
    q8 ? launch_prompt<64, true>(stream, args, rows) : launch_prompt<64, false>(stream, args, rows);
  } else {
    q8 ? launch_prompt<128, true>(stream, args, rows) : launch_prompt<128, false>(stream, args, rows);
  }
}

}  // namespace qwq::cuda
