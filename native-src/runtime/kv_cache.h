#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/pages.h"

namespace qwq {

struct ModelConfig;
class BackendSession;

// How K and V are kept. The reference keeps f32 where others keep f16, so that its results are those of the
// formulas.
enum class KvType { kF16, kF32, kQ8_0 };

// Elements of a token's K, or V, that share a scale in a q8_0 cache; divides head_dim.
inline constexpr int kKvScaleRun = 32;

// Bytes of n elements of K, or V, scales included.
constexpr size_t kv_bytes(KvType type, size_t n) {
  switch (type) {
    case KvType::kF16:
      return 2 * n;
    case KvType::kF32:
      return 4 * n;
    case KvType::kQ8_0:
      return n + n / kKvScaleRun * 2;
  }
  return 0;
}

// Tokens whose K are interleaved; a block is a whole number of such groups.
inline constexpr int kKvGroup = 16;

// The cache of one layer: blocks of [2 (K, V), n_kv_heads, block_size / kKvGroup] groups. A group holds one
// head of kKvGroup consecutive tokens:
//
//   K  [head_dim, kKvGroup]   element i of all tokens side by side: a vector register holds many keys, and
//   their
//                             scores are summed without moving anything between lanes
//   V  [kKvGroup, head_dim]   a token after the other
//
// q8_0: levels, int8, in this order, and then their scales, f16; x = scale * level.
//
//   K  scales [head_dim / 32, kKvGroup]
//   V  scales [kKvGroup, head_dim / 32]
struct KvLayer {
  std::byte* base;     // block 0 of the layer
  size_t block_bytes;  // from one block to the next
  int n_kv_heads;
  int head_dim;
  int block_size;  // tokens a block holds, a power of two, at least kKvGroup
  KvType type = KvType::kF16;

  // Of one head of kKvGroup tokens, K or V.
  size_t group_bytes() const {
    return kv_bytes(type, static_cast<size_t>(kKvGroup) * static_cast<size_t>(head_dim));
  }
  // The groups that hold `position` of the sequence with this block table.
  std::byte* k_group(const int32_t* block_table, int64_t position, int head) const {
    return group(block_table, position, head);
  }
  std::byte* v_group(const int32_t* block_table, int64_t position, int head) const {
    return group(block_table, position, n_kv_heads + head);
  }

 private:
  std::byte* group(const int32_t* block_table, int64_t position, int plane) const {
    const size_t groups_before = static_cast<size_t>(plane) * static_cast<size_t>(block_size / kKvGroup) +
                                 static_cast<size_t>(position % block_size / kKvGroup);
    return base + static_cast<size_t>(block_table[position / block_size]) * block_bytes +
           groups_before * group_bytes();
  }
};

// The pool of some layers' blocks. Which block holds which tokens is decided by the caller, who names blocks
// in block tables; block b holds the same tokens in every layer.
class KvCache {
 public:
  // Of n_layers of the model. With a session the pool is the session's memory, which has one block more in
  // every layer, else the host's. Throws Error: QWQ_OUT_OF_MEMORY with the number of bytes, QWQ_UNSUPPORTED
  // for a head_dim that the type cannot keep.
  KvCache(const ModelConfig& model, int n_layers, KvType type, int block_size, int n_blocks,
          BackendSession* session);

  KvLayer layer(int index) const;

  // One block of these layers, layer after layer: block_bytes() bytes. Blocks are 0 .. n_blocks - 1.
  void copy_block(int from, int to);
  void read_block(int block, std::byte* dst) const;
  void write_block(int block, const std::byte* src);
  size_t block_bytes() const { return layer_block_bytes() * static_cast<size_t>(n_layers_); }

  int block_size() const { return block_size_; }
  int n_blocks() const { return n_blocks_; }

  // Bytes of a token in n_layers. Throws Error(QWQ_UNSUPPORTED) as the constructor.
  static size_t bytes_per_token(const ModelConfig& model, int n_layers, KvType type);
  // Bytes of a pool. Throws Error(QWQ_INVALID_ARGUMENT) when they do not fit a size_t.
  static size_t bytes(const ModelConfig& model, int n_layers, KvType type, int block_size, int n_blocks);

 private:
  size_t layer_block_bytes() const { return layer(0).block_bytes; }

  KvType type_;
  int block_size_;
  int n_blocks_;
  int n_slots_;  // n_blocks_, and a session's spare block
  int n_layers_;
  int n_kv_heads_;
  int head_dim_;
  BackendSession* session_;
  Pages pages_;
  std::byte* base_;
};

}  // namespace qwq
