#pragma once

#include "runtime/kv_layer.h"
#include "runtime/pages.h"

namespace qwq {

struct ModelConfig;
class BackendSession;

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
