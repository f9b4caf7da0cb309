#pragma once

#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

// Round to nearest, ties to even.
template <class V>
QWQ_INLINE void narrow_to_f16(const float* src, uint16_t* dst, int n) {
  int i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) V::store_f16(dst + i, V::load(src + i));
  if (i < n) V::store_f16_partial(dst + i, V::load_partial(src + i, n - i), n - i);
}

template <class V>
void store_kv(OpContext& ctx, const StoreKvArgs& args) {
  const KvLayer& kv = args.kv;
  ctx.pool->parallel_for(args.n_rows, [&](int64_t r, int) {
    if (ctx.cancelled()) return;
    const AttentionRow& row = args.rows[r];
    const int32_t block = row.block_table[row.position / kv.block_size];
    const int64_t slot = static_cast<int64_t>(row.position % kv.block_size) * kv.head_dim;
    for (int h = 0; h < kv.n_kv_heads; ++h) {
      const int64_t head = static_cast<int64_t>(h) * kv.head_dim;
      narrow_to_f16<V>(args.k + r * args.k_stride + head, kv.k(block, h) + slot, kv.head_dim);
      narrow_to_f16<V>(args.v + r * args.v_stride + head, kv.v(block, h) + slot, kv.head_dim);
    }
  });
}

}  // namespace qwq::cpu
