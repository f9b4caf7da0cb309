// Moving KV blocks: what forks, saved and restored conversations need.
#include <cinttypes>

#include "runtime/busy_guard.h"
#include "runtime/engine.h"
#include "runtime/error.h"

namespace qwq {

namespace {

void check_block(const char* name, int32_t block, const KvCache& cache) {
  if (block < 0 || block >= cache.n_blocks()) {
    invalid("%s: expected 0 .. %d, found %" PRId32, name, cache.n_blocks() - 1, block);
  }
}

void check_bytes(const char* name, uint64_t bytes, const KvCache& cache) {
  if (bytes != cache.block_bytes()) {
    invalid("%s: a block has %zu bytes, found %" PRIu64, name, cache.block_bytes(), bytes);
  }
}

}  // namespace

void Engine::copy_kv_block(int32_t from, int32_t to) {
  const BusyGuard guard(busy_);
  check_block("from", from, cache_);
  check_block("to", to, cache_);
  cache_.copy_block(from, to);
}

void Engine::read_kv_block(int32_t block, void* dst, uint64_t dst_bytes) {
  const BusyGuard guard(busy_);
  check_block("block", block, cache_);
  check_bytes("dst_bytes", dst_bytes, cache_);
  cache_.read_block(block, static_cast<std::byte*>(dst));
}

void Engine::write_kv_block(int32_t block, const void* src, uint64_t src_bytes) {
  const BusyGuard guard(busy_);
  check_block("block", block, cache_);
  check_bytes("src_bytes", src_bytes, cache_);
  cache_.write_block(block, static_cast<const std::byte*>(src));
}

}  // namespace qwq
