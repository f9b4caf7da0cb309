#include "runtime/engine.h"

namespace qwq {

Engine::Engine(const Model& model, const EngineConfig& config)
    : model_(model),
      config_(config),
      cache_(model.config(), config.kv_type, config.kv_block_size, config.n_kv_blocks),
      memory_(model.config(), config),
      w_(memory_.views()),
      pool_(config.n_threads, config.pin_threads),
      forward_(model, *config.backend, cache_, w_) {}

qwq_memory Engine::memory(const Model& model, const EngineConfig& config) {
  qwq_memory memory;
  memory.kv_cache_bytes =
      KvCache::bytes(model.config(), config.kv_type, config.kv_block_size, config.n_kv_blocks);
  memory.kv_bytes_per_token = KvCache::bytes_per_token(model.config(), config.kv_type);
  memory.workspace_bytes = WorkspaceMemory::bytes(model.config(), config);
  return memory;
}

}  // namespace qwq
