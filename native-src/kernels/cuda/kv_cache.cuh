// The paged KV cache as kernels see it; its layout is that of runtime/kv_layer.h.
#pragma once

#include <bit>

#include "kernels/cuda/ops.h"

namespace qwq::cuda {

// Where the rows of a call find their K and V.
struct RowParams {
  Global<const int32_t> positions;  // [n_rows]
  Global<const int32_t> table_of;   // [n_rows] begin of the row's block table in `tables`
  Global<const int32_t> tables;
};

inline RowParams rows_in(Launch& launch, const DeviceRows& rows) {
  return {launch.in("positions", rows.positions, static_cast<size_t>(rows.n_rows)),
          launch.in("table_of", rows.table_of, static_cast<size_t>(rows.n_rows)),
          launch.in("tables", rows.tables, static_cast<size_t>(rows.n_table_entries))};
}

template <typename Byte>
struct CacheParams {
  Global<Byte> base;
  int64_t block_bytes;
  int64_t group_bytes;
  int n_kv_heads;
  int head_dim;
  int block_shift;  // log2 of the tokens a block holds

  CacheParams(Global<Byte> base, const KvLayer& kv)
      : base(base),
        block_bytes(static_cast<int64_t>(kv.block_bytes)),
        group_bytes(static_cast<int64_t>(kv.group_bytes())),
        n_kv_heads(kv.n_kv_heads),
        head_dim(kv.head_dim),
        block_shift(std::countr_zero(static_cast<unsigned>(kv.block_size))) {}

  // The group that holds a position: of K for plane = kv head, of V for plane = n_kv_heads + kv head.
  QWQ_DEVICE_MEMBER Global<Byte> group(Global<const int32_t> table, int64_t position, int plane) const {
    const int block_size = 1 << block_shift;
    const int groups =
        plane * (block_size / kKvGroup) + (static_cast<int>(position) & (block_size - 1)) / kKvGroup;
    return base + static_cast<int64_t>(table[position >> block_shift]) * block_bytes + groups * group_bytes;
  }
};

inline size_t cache_bytes(const KvLayer& kv, const DeviceRows& rows) {
  return static_cast<size_t>(rows.n_blocks) * kv.block_bytes;
}

}  // namespace qwq::cuda
