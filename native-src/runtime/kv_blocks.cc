// Moving KV blocks: what forks, saved and restored conversations need.
#include <cinttypes>

#include "runtime/busy_guard.h"
#include "runtime/engine.h"
#include "runtime/error.h"

namespace qwq {

namespace {

void check_block(const char* name, int32_t block, int n_blocks) {
  if (block < 0 || block >= n_blocks) {
    invalid("%s: expected 0 .. %d, found %" PRId32, name, n_blocks - 1, block);
  }
}

}  // namespace

size_t Engine::kv_block_bytes() const {
  size_t bytes = 0;
  for (const auto& stage : stages_) bytes += stage->cache().block_bytes();
  return bytes;
}

void Engine::check_kv_bytes(const char* name, uint64_t bytes) const {
  if (bytes != kv_block_bytes()) {
    invalid("%s: a block has %zu bytes, found %" PRIu64, name, kv_block_bytes(), bytes);
  }
}

void Engine::copy_kv_block(int32_t from, int32_t to) {
  const BusyGuard guard(busy_);
  check_block("from", from, config_.n_kv_blocks);
  check_block("to", to, config_.n_kv_blocks);
  for (const auto& stage : stages_) stage->cache().copy_block(from, to);
}

void Engine::read_kv_block(int32_t block, void* dst, uint64_t dst_bytes) {
  const BusyGuard guard(busy_);
  check_block("block", block, config_.n_kv_blocks);
  check_kv_bytes("dst_bytes", dst_bytes);
  std::byte* next = static_cast<std::byte*>(dst);
  for (const auto& stage : stages_) {
    stage->cache().read_block(block, next);
    next += stage->cache().block_bytes();
  }
}

void Engine::write_kv_block(int32_t block, const void* src, uint64_t src_bytes) {
  const BusyGuard guard(busy_);
  check_block("block", block, config_.n_kv_blocks);
  check_kv_bytes("src_bytes", src_bytes);
  const std::byte* next = static_cast<const std::byte*>(src);
  for (const auto& stage : stages_) {
    stage->cache().write_block(block, next);
    next += stage->cache().block_bytes();
  }
}

}  // namespace qwq
