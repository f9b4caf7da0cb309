#include "formats/half.h"
#include "kernels/reference/reference.h"

namespace qwq::reference {

void store_kv(OpContext& ctx, const StoreKvArgs& args) {
  const KvLayer& kv = args.kv;
  for (int64_t r = 0; r < args.n_rows && !ctx.cancelled(); ++r) {
    const AttentionRow& row = args.rows[r];
    const int32_t block = row.block_table[row.position / kv.block_size];
    const int64_t slot = static_cast<int64_t>(row.position % kv.block_size) * kv.head_dim;
    for (int h = 0; h < kv.n_kv_heads; ++h) {
      const float* k = args.k + r * args.k_stride + static_cast<int64_t>(h) * kv.head_dim;
      const float* v = args.v + r * args.v_stride + static_cast<int64_t>(h) * kv.head_dim;
      for (int i = 0; i < kv.head_dim; ++i) {
        kv.k(block, h)[slot + i] = f32_to_f16(k[i]);
        kv.v(block, h)[slot + i] = f32_to_f16(v[i]);
      }
    }
  }
}

}  // namespace qwq::reference
