#pragma once

#include <cstddef>
#include <cstdint>

namespace qwq {

// The cache of one layer: blocks of f16, each [2 (K, V), n_kv_heads, block_size, head_dim].
struct KvLayer {
  uint16_t* base;       // block 0 of the layer
  size_t block_stride;  // elements from one block to the next
  int n_kv_heads;
  int head_dim;
  int block_size;       // tokens a block holds, a power of two

  // K vectors of a head within a block: [block_size, head_dim], contiguous.
  uint16_t* k(int32_t block, int head) const {
    return base + static_cast<size_t>(block) * block_stride +
           static_cast<size_t>(head) * static_cast<size_t>(block_size) * static_cast<size_t>(head_dim);
  }
  uint16_t* v(int32_t block, int head) const { return k(block, n_kv_heads + head); }
};

}  // namespace qwq
