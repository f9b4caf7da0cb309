#include "runtime/activations.h"

#include <algorithm>

#include "runtime/carver.h"

namespace qwq {

namespace {

// Rows of logits held at once: enough that the output matrix is read seldom, few enough that 152,064 logits
// a row stay below some 160 MB.
constexpr int64_t kMaxLogitsRows = 256;
constexpr int64_t kMinLogitsRows = 32;

// Of a device's rows: captured steps have a multiple of it.
constexpr int64_t kRowsMultiple = 8;

int64_t round_up(int64_t n) { return (n + kRowsMultiple - 1) / kRowsMultiple * kRowsMultiple; }

int64_t stage_logits_rows(const EngineConfig& engine, const Placement& placement) {
  const int64_t rows = Activations::logits_rows_of(engine);
  return placement.on_device() ? round_up(rows) : rows;
}

}  // namespace

Activations Activations::carve(std::byte* base, const ModelConfig& model, const EngineConfig& engine,
                               const Placement& placement, size_t* bytes) {
  const int64_t rows = rows_of(engine, placement);
  Carver carver(base);
  Activations a = {};
  a.hidden = carver.take<float>(rows, model.hidden_size);
  a.normed = carver.take<float>(rows, model.hidden_size);
  a.qkv_size = model.q_size() + 2 * model.kv_size();
  a.q = carver.take<float>(rows, a.qkv_size);
  a.k = base == nullptr ? nullptr : a.q + model.q_size();
  a.v = base == nullptr ? nullptr : a.k + model.kv_size();
  a.attended = carver.take<float>(rows, model.q_size());
  a.projected = carver.take<float>(rows, model.hidden_size);
  a.gate = carver.take<float>(rows, model.intermediate_size);
  a.up = carver.take<float>(rows, model.intermediate_size);
  if (placement.last) {
    a.logits_rows = stage_logits_rows(engine, placement);
    a.logits_input = carver.take<float>(a.logits_rows, model.hidden_size);
    a.logits = carver.take<float>(a.logits_rows, model.vocab_size);
  }
  *bytes = carver.used();
  return a;
}

int64_t Activations::logits_rows_of(const EngineConfig& engine) {
  const int64_t wanted = std::clamp<int64_t>(engine.max_sequences, kMinLogitsRows, kMaxLogitsRows);
  return std::min<int64_t>(engine.max_batch_tokens, wanted);
}

int64_t Activations::rows_of(const EngineConfig& engine, const Placement& placement) {
  return placement.on_device() ? round_up(engine.max_batch_tokens) : engine.max_batch_tokens;
}

OpLimits Activations::op_limits(const ModelConfig& model, const EngineConfig& engine,
                                const Placement& placement) {
  OpLimits limits = {};
  limits.max_rows = rows_of(engine, placement);
  limits.max_cols = std::max({model.hidden_size, model.intermediate_size, model.q_size()});
  limits.n_heads = model.n_heads;
  limits.n_kv_heads = model.n_kv_heads;
  limits.head_dim = model.head_dim;
  limits.n_threads = engine.n_threads;
  limits.max_context = engine.max_context();
  limits.max_sequences = engine.max_sequences;
  limits.hidden_size = model.hidden_size;
  limits.kv_block_size = engine.kv_block_size;
  if (placement.last) {
    limits.logits_rows = stage_logits_rows(engine, placement);
    limits.vocab_size = model.vocab_size;
    limits.n_token_ids = model.n_token_ids;
  }
  return limits;
}

}  // namespace qwq
