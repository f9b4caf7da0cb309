#include "runtime/engine.h"

#include <algorithm>
#include <vector>

#include "runtime/error.h"

namespace qwq {

namespace {

std::vector<const Tensor*> matrices(const Model& model) {
  std::vector<const Tensor*> all = {&model.token_embd(), &model.lm_head()};
  for (const Layer& l : model.layers()) {
    for (const Tensor* matrix :
         {&l.q_proj, &l.k_proj, &l.v_proj, &l.o_proj, &l.gate_proj, &l.up_proj, &l.down_proj}) {
      all.push_back(matrix);
    }
  }
  return all;
}

std::unique_ptr<BackendSession> open_session(const Model& model, const EngineConfig& config) {
  if (config.backend->open == nullptr) return nullptr;
  const ModelConfig& m = model.config();
  const std::vector<const Tensor*> weights = matrices(model);
  SessionArgs args;
  args.device = config.device;
  args.weights = weights.data();
  args.n_weights = weights.size();
  args.kv_bytes = KvCache::bytes(m, config.kv_type, config.kv_block_size, config.n_kv_blocks);
  const int64_t widest = std::max({m.hidden_size, m.q_size() + 2 * m.kv_size(), 2 * m.intermediate_size});
  args.max_output_floats =
      std::max(widest * config.max_batch_tokens, m.vocab_size * WorkspaceMemory::logits_rows(config));
  args.limits = WorkspaceMemory::op_limits(m, config);
  BackendSession* session = nullptr;
  qwq_error error = {};
  const int32_t status = config.backend->open(args, &session, &error);
  if (status != QWQ_OK) fail(static_cast<qwq_status>(status), "%s", error.message);
  return std::unique_ptr<BackendSession>(session);
}

}  // namespace

Engine::Engine(const Model& model, const EngineConfig& config)
    : model_(model),
      config_(config),
      session_(open_session(model, config)),
      cache_(model.config(), config.kv_type, config.kv_block_size, config.n_kv_blocks, session_.get()),
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
