#include "runtime/engine.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "runtime/checked.h"
#include "runtime/error.h"

namespace qwq {

namespace {

std::vector<std::unique_ptr<Stage>> open_stages(const Model& model, const EngineConfig& config) {
  std::vector<std::unique_ptr<Stage>> stages;
  for (const Placement& placement : config.placements) {
    stages.push_back(std::make_unique<Stage>(model, config, placement));
  }
  return stages;
}

}  // namespace

Engine::Engine(const Model& model, const EngineConfig& config)
    : model_(model),
      config_(config),
      stages_(open_stages(model, config_)),
      memory_(model.config(), config_),
      w_(memory_.views()),
      pool_(config_.n_threads, config_.pin_threads) {}

qwq_memory Engine::memory(const Model& model, const EngineConfig& config) {
  const ModelConfig& m = model.config();
  qwq_memory memory = {};
  memory.kv_bytes_per_token = KvCache::bytes_per_token(m, m.n_layers, config.kv_type);
  std::snprintf(memory.kv_layout, sizeof(memory.kv_layout), "%s", kv_layout_name(config.kv_type));
  memory.workspace_bytes = WorkspaceMemory::bytes(m, config);
  for (const Placement& placement : config.placements) {
    const qwq_placement_memory stage = Stage::memory(model, config, placement);
    const size_t workspace =
        checked_add(stage.workspace_bytes, Stage::host_bytes(model, config, placement), "workspace");
    memory.kv_cache_bytes = checked_add(memory.kv_cache_bytes, stage.kv_cache_bytes, "KV cache");
    memory.workspace_bytes = checked_add(memory.workspace_bytes, workspace, "workspace");
  }
  return memory;
}

qwq_placement_memory Engine::placement_memory(const Model& model, const EngineConfig& config, int32_t index) {
  const int32_t n = static_cast<int32_t>(config.placements.size());
  if (index < 0 || index >= n) invalid("index: expected 0 .. %" PRId32 ", found %" PRId32, n - 1, index);
  return Stage::memory(model, config, config.placements[static_cast<size_t>(index)]);
}

}  // namespace qwq
