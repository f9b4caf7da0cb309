#include "runtime/kv_cache.h"

#include <cstring>

#include "kernels/backend.h"
#include "runtime/checked.h"
#include "runtime/error.h"
#include "runtime/model.h"

namespace qwq {

KvCache::KvCache(const ModelConfig& model, int n_layers, KvType type, int block_size, int n_blocks,
                 BackendSession* session)
    : type_(type),
      block_size_(block_size),
      n_blocks_(n_blocks),
      n_slots_(session == nullptr ? n_blocks : n_blocks + 1),
      n_layers_(n_layers),
      n_kv_heads_(model.n_kv_heads),
      head_dim_(model.head_dim),
      session_(session),
      pages_(session == nullptr ? Pages(bytes(model, n_layers, type, block_size, n_blocks), "KV cache")
                                : Pages()),
      base_(session == nullptr ? pages_.data() : session->kv_base()) {}

KvLayer KvCache::layer(int index) const {
  KvLayer kv;
  kv.type = type_;
  kv.n_kv_heads = n_kv_heads_;
  kv.head_dim = head_dim_;
  kv.block_size = block_size_;
  kv.block_bytes =
      2 * static_cast<size_t>(n_kv_heads_) * static_cast<size_t>(block_size_ / kKvGroup) * kv.group_bytes();
  kv.base = base_ + static_cast<size_t>(index) * static_cast<size_t>(n_slots_) * kv.block_bytes;
  return kv;
}

namespace {

std::byte* block_of(const KvLayer& layer, int block) {
  return layer.base + static_cast<size_t>(block) * layer.block_bytes;
}

}  // namespace

void KvCache::copy_block(int from, int to) {
  if (from == to) return;
  for (int i = 0; i < n_layers_; ++i) {
    const KvLayer kv = layer(i);
    std::byte* dst = block_of(kv, to);
    const std::byte* src = block_of(kv, from);
    if (session_ == nullptr) {
      std::memcpy(dst, src, kv.block_bytes);
    } else {
      qwq_error error = {};
      require_ok(session_->copy_kv(static_cast<size_t>(dst - base_), static_cast<size_t>(src - base_),
                                   kv.block_bytes, &error),
                 error);
    }
  }
}

void KvCache::read_block(int block, std::byte* dst) const {
  for (int i = 0; i < n_layers_; ++i) {
    const KvLayer kv = layer(i);
    std::byte* to = dst + static_cast<size_t>(i) * kv.block_bytes;
    const std::byte* from = block_of(kv, block);
    if (session_ == nullptr) {
      std::memcpy(to, from, kv.block_bytes);
    } else {
      qwq_error error = {};
      require_ok(session_->read_kv(to, static_cast<size_t>(from - base_), kv.block_bytes, &error), error);
    }
  }
}

void KvCache::write_block(int block, const std::byte* src) {
  for (int i = 0; i < n_layers_; ++i) {
    const KvLayer kv = layer(i);
    std::byte* to = block_of(kv, block);
    const std::byte* from = src + static_cast<size_t>(i) * kv.block_bytes;
    if (session_ == nullptr) {
      std::memcpy(to, from, kv.block_bytes);
    } else {
      qwq_error error = {};
      require_ok(session_->write_kv(static_cast<size_t>(to - base_), from, kv.block_bytes, &error), error);
    }
  }
}

size_t KvCache::bytes_per_token(const ModelConfig& model, int n_layers, KvType type) {
  if (has_levels_of_8_bits(type) && model.head_dim % kKvScaleRun != 0) {
    fail(QWQ_UNSUPPORTED, "config.kv_type: q8_0 keeps %d elements to a scale, the model's head_dim is %d",
         kKvScaleRun, model.head_dim);
  }
  const size_t layer_bytes =
      2 * static_cast<size_t>(model.n_kv_heads) * kv_head_bytes(type, model.head_dim);
  return checked_mul(layer_bytes, static_cast<size_t>(n_layers), "KV cache");
}

size_t KvCache::bytes(const ModelConfig& model, int n_layers, KvType type, int block_size, int n_blocks) {
  const size_t tokens =
      checked_mul(static_cast<size_t>(block_size), static_cast<size_t>(n_blocks), "KV cache");
  return checked_mul(bytes_per_token(model, n_layers, type), tokens, "KV cache");
}

}  // namespace qwq
