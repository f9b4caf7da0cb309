#include "runtime/workspace.h"

#include <algorithm>
#include <limits>
#include <new>

#include "runtime/checked.h"

namespace qwq {

namespace {

// Rows of logits held at once: enough that the output matrix is read seldom, few enough that 152,064 logits
// a row stay below some 160 MB.
constexpr int64_t kMaxLogitsRows = 256;
constexpr int64_t kMinLogitsRows = 32;

// Hands out consecutive, aligned pieces of a region; with a null base it only adds up their sizes, so that
// size and layout come from the same lines.
class Carver {
 public:
  explicit Carver(std::byte* base) : base_(base) {}

  template <typename T>
  T* take(int64_t rows, int64_t cols = 1) {
    const size_t count = checked_mul(static_cast<size_t>(rows), static_cast<size_t>(cols), "workspace");
    const size_t offset = used_;
    const size_t end = checked_add(offset, checked_mul(count, sizeof(T), "workspace"), "workspace");
    used_ = checked_add(end, kAlignment - 1, "workspace") / kAlignment * kAlignment;
    return base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + offset);
  }

  size_t used() const { return used_; }

 private:
  static constexpr size_t kAlignment = 64;
  std::byte* base_;
  size_t used_ = 0;
};

Workspace carve(Carver& carver, const ModelConfig& model, const EngineConfig& engine) {
  const int64_t rows = engine.max_batch_tokens;
  Workspace w;
  w.tokens = carver.take<int32_t>(rows);
  w.positions = carver.take<int32_t>(rows);
  w.attention = carver.take<AttentionRow>(rows);
  w.outputs = carver.take<OutputRow>(rows);

  w.hidden = carver.take<float>(rows, model.hidden_size);
  w.normed = carver.take<float>(rows, model.hidden_size);
  w.q = carver.take<float>(rows, model.q_size());
  w.k = carver.take<float>(rows, model.kv_size());
  w.v = carver.take<float>(rows, model.kv_size());
  w.attended = carver.take<float>(rows, model.q_size());
  w.projected = carver.take<float>(rows, model.hidden_size);
  w.gate = carver.take<float>(rows, model.intermediate_size);
  w.up = carver.take<float>(rows, model.intermediate_size);

  w.logits_rows = WorkspaceMemory::logits_rows(engine);
  w.logits_input = carver.take<float>(w.logits_rows, model.hidden_size);
  w.logits = carver.take<float>(w.logits_rows, model.vocab_size);

  w.n_samplers = static_cast<int>(std::min<int64_t>(engine.n_threads, w.logits_rows));
  w.samplers = carver.take<SamplerScratch>(w.n_samplers);
  for (int i = 0; i < w.n_samplers; ++i) {
    SamplerScratch scratch;
    scratch.adjusted = carver.take<float>(model.vocab_size);
    scratch.ids = carver.take<int32_t>(model.vocab_size);
    scratch.selection = carver.take<CandidateKey>(model.vocab_size);
    if (w.samplers != nullptr) new (&w.samplers[i]) SamplerScratch(scratch);
  }

  w.block_writers = carver.take<int32_t>(engine.n_kv_blocks);
  w.token_marks = carver.take<uint32_t>((model.vocab_size + 31) / 32);
  w.op_scratch_bytes = engine.backend->scratch_bytes(WorkspaceMemory::op_limits(model, engine));
  if (w.op_scratch_bytes > static_cast<size_t>(std::numeric_limits<int64_t>::max())) {
    invalid("workspace: the %s backend asks for %zu bytes", engine.backend->name, w.op_scratch_bytes);
  }
  w.op_scratch = carver.take<std::byte>(static_cast<int64_t>(w.op_scratch_bytes));
  return w;
}

}  // namespace

int64_t WorkspaceMemory::logits_rows(const EngineConfig& engine) {
  const int64_t wanted = std::clamp<int64_t>(engine.max_sequences, kMinLogitsRows, kMaxLogitsRows);
  return std::min<int64_t>(engine.max_batch_tokens, wanted);
}

OpLimits WorkspaceMemory::op_limits(const ModelConfig& model, const EngineConfig& engine) {
  OpLimits limits;
  limits.max_rows = engine.max_batch_tokens;
  limits.max_cols = std::max({model.hidden_size, model.intermediate_size, model.q_size()});
  limits.n_heads = model.n_heads;
  limits.n_kv_heads = model.n_kv_heads;
  limits.head_dim = model.head_dim;
  limits.n_threads = engine.n_threads;
  limits.max_context = engine.max_context();
  return limits;
}

WorkspaceMemory::WorkspaceMemory(const ModelConfig& model, const EngineConfig& engine)
    : pages_(bytes(model, engine), "workspace") {
  Carver carver(pages_.data());
  views_ = carve(carver, model, engine);
}

size_t WorkspaceMemory::bytes(const ModelConfig& model, const EngineConfig& engine) {
  Carver carver(nullptr);
  carve(carver, model, engine);
  return carver.used();
}

}  // namespace qwq
