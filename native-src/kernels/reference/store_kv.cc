#include "formats/half.h"
#include "kernels/reference/reference.h"

namespace qwq::reference {
namespace {

void convert(float from, uint16_t& to) { to = f32_to_f16(from); }
void convert(float from, float& to) { to = from; }

template <typename T>
void store(OpContext& ctx, const StoreKvArgs& args) {
  const KvLayer& kv = args.kv;
  for (int64_t r = 0; r < args.n_rows && !ctx.cancelled(); ++r) {
    const AttentionRow& row = args.rows[r];
    const int32_t block = row.block_table[row.position / kv.block_size];
    const int64_t slot = static_cast<int64_t>(row.position % kv.block_size) * kv.head_dim;
    for (int h = 0; h < kv.n_kv_heads; ++h) {
      const float* k = args.k + r * args.k_stride + static_cast<int64_t>(h) * kv.head_dim;
      const float* v = args.v + r * args.v_stride + static_cast<int64_t>(h) * kv.head_dim;
      for (int i = 0; i < kv.head_dim; ++i) {
        convert(k[i], kv.k<T>(block, h)[slot + i]);
        convert(v[i], kv.v<T>(block, h)[slot + i]);
      }
    }
  }
}

}  // namespace

void store_kv(OpContext& ctx, const StoreKvArgs& args) {
  (args.kv.type == KvType::kF16 ? store<uint16_t> : store<float>)(ctx, args);
}

}  // namespace qwq::reference
