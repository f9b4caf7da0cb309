#include "kernels/reference/kv_access.h"
#include "kernels/reference/reference.h"

namespace qwq::reference {

void store_kv(OpContext& ctx, const StoreKvArgs& args) {
  const KvLayer& kv = args.kv;
  for (int64_t r = 0; r < args.n_rows && !ctx.cancelled(); ++r) {
    const AttentionRow& row = args.rows[r];
    for (int h = 0; h < kv.n_kv_heads; ++h) {
      const int64_t head = static_cast<int64_t>(h) * kv.head_dim;
      write_k(kv, row.block_table, row.position, h, args.k + r * args.k_stride + head);
      write_v(kv, row.block_table, row.position, h, args.v + r * args.v_stride + head);
    }
  }
}

}  // namespace qwq::reference
