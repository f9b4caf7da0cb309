#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/matmul_tiles.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

// Round to nearest, ties to even.
template <class V>
QWQ_INLINE void narrow_to_f16(const float* src, uint16_t* dst, int n) {
  int i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) V::store_f16(dst + i, V::load(src + i));
  if (i < n) V::store_f16_partial(dst + i, V::load_partial(src + i, n - i), n - i);
}

// K of one token into its lane of a group.
template <class V>
QWQ_INLINE void scatter_to_f16(const float* src, uint16_t* dst, int n) {
  for (int i = 0; i < n; i += V::kLanes) {
    const int count = n - i < V::kLanes ? n - i : V::kLanes;
    uint16_t halves[V::kLanes];
    V::store_f16(halves, count == V::kLanes ? V::load(src + i) : V::load_partial(src + i, count));
    for (int j = 0; j < count; ++j) dst[(i + j) * kKvGroup] = halves[j];
  }
}

template <class V>
void store_kv(OpContext& ctx, const StoreKvArgs& args) {
  const KvLayer& kv = args.kv;
  // Tokens of a group share cache lines of K: most go to one worker.
  const int64_t row_tasks = ceil_div(args.n_rows, kKvGroup);
  ctx.pool->parallel_for(row_tasks * kv.n_kv_heads, [&](int64_t task, int) {
    if (ctx.cancelled()) return;
    const int head = static_cast<int>(task % kv.n_kv_heads);
    const int64_t offset = int64_t{head} * kv.head_dim;
    const int64_t begin = task / kv.n_kv_heads * kKvGroup;
    for (int64_t r = begin; r < smaller(begin + kKvGroup, args.n_rows); ++r) {
      const AttentionRow& row = args.rows[r];
      const int lane = row.position % kKvGroup;
      uint16_t* k = reinterpret_cast<uint16_t*>(kv.k_group(row.block_table, row.position, head));
      uint16_t* v = reinterpret_cast<uint16_t*>(kv.v_group(row.block_table, row.position, head));
      scatter_to_f16<V>(args.k + r * args.k_stride + offset, k + lane, kv.head_dim);
      narrow_to_f16<V>(args.v + r * args.v_stride + offset, v + lane * kv.head_dim, kv.head_dim);
    }
  });
}

}  // namespace qwq::cpu
