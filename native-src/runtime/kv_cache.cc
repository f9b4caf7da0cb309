#include "runtime/kv_cache.h"

#include "runtime/checked.h"
#include "runtime/model.h"

namespace qwq {

namespace {

constexpr size_t kElementBytes = sizeof(uint16_t);  // f16

// K and V of one token in one layer.
size_t token_elements(const ModelConfig& model) { return 2 * static_cast<size_t>(model.kv_size()); }

}  // namespace

KvCache::KvCache(const ModelConfig& model, int block_size, int n_blocks)
    : block_size_(block_size),
      n_blocks_(n_blocks),
      n_kv_heads_(model.n_kv_heads),
      head_dim_(model.head_dim),
      pages_(bytes(model, block_size, n_blocks), "KV cache") {}

KvLayer KvCache::layer(int index) const {
  KvLayer kv;
  kv.n_kv_heads = n_kv_heads_;
  kv.head_dim = head_dim_;
  kv.block_size = block_size_;
  kv.block_stride = 2 * static_cast<size_t>(n_kv_heads_) * static_cast<size_t>(block_size_) *
                    static_cast<size_t>(head_dim_);
  kv.base = reinterpret_cast<uint16_t*>(pages_.data()) +
            static_cast<size_t>(index) * static_cast<size_t>(n_blocks_) * kv.block_stride;
  return kv;
}

size_t KvCache::bytes_per_token(const ModelConfig& model) {
  return checked_mul(token_elements(model) * kElementBytes, static_cast<size_t>(model.n_layers), "KV cache");
}

size_t KvCache::bytes(const ModelConfig& model, int block_size, int n_blocks) {
  const size_t tokens = checked_mul(static_cast<size_t>(block_size), static_cast<size_t>(n_blocks), "KV cache");
  return checked_mul(bytes_per_token(model), tokens, "KV cache");
}

}  // namespace qwq
