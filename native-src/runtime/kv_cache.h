#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/pages.h"

namespace qwq {

struct ModelConfig;

// How K and V are kept. f16 is what backends are made for; the reference keeps f32, so that its results are
// those of the formulas.
enum class KvType { kF16, kF32 };

constexpr size_t kv_element_bytes(KvType type) {
  return type == KvType::kF16 ? 2 : 4;
}

// The cache of one layer: blocks of elements, each [2 (K, V), n_kv_heads, block_size, head_dim].
struct KvLayer {
  void* base;           // block 0 of the layer
  size_t block_stride;  // elements from one block to the next
  int n_kv_heads;
  int head_dim;
  int block_size;  // tokens a block holds, a power of two
  KvType type = KvType::kF16;

  // K vectors of a head within a block: [block_size, head_dim], contiguous. T is uint16_t or float, as `type`
  // says.
  template <typename T = uint16_t>
  T* k(int32_t block, int head) const {
    return static_cast<T*>(base) + static_cast<size_t>(block) * block_stride +
           static_cast<size_t>(head) * static_cast<size_t>(block_size) * static_cast<size_t>(head_dim);
  }
  template <typename T = uint16_t>
  T* v(int32_t block, int head) const {
    return k<T>(block, n_kv_heads + head);
  }
};

// The pool of all layers' blocks. Which block holds which tokens is decided by the caller, who names blocks
// in block tables; block b holds the same tokens in every layer.
class KvCache {
 public:
  // Throws Error(QWQ_OUT_OF_MEMORY) with the number of bytes.
  KvCache(const ModelConfig& model, KvType type, int block_size, int n_blocks);

  KvLayer layer(int index) const;
  int block_size() const { return block_size_; }
  int n_blocks() const { return n_blocks_; }

  // Bytes of a token in all layers.
  static size_t bytes_per_token(const ModelConfig& model, KvType type);
  // Bytes of the whole pool. Throws Error(QWQ_INVALID_ARGUMENT) when they do not fit a size_t.
  static size_t bytes(const ModelConfig& model, KvType type, int block_size, int n_blocks);

 private:
  KvType type_;
  int block_size_;
  int n_blocks_;
  int n_kv_heads_;
  int head_dim_;
  Pages pages_;
};

}  // namespace qwq
