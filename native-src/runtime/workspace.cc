#include "runtime/workspace.h"

#include <algorithm>
#include <limits>
#include <new>

#include "runtime/activations.h"
#include "runtime/carver.h"
#include "runtime/error.h"

namespace qwq {

namespace {

// Of the stages on the host, one of which runs at a time.
size_t op_scratch_bytes(const ModelConfig& model, const EngineConfig& engine) {
  size_t most = 0;
  for (const Placement& placement : engine.placements) {
    if (placement.on_device()) continue;
    most = std::max(most, placement.backend->scratch_bytes(Activations::op_limits(model, engine, placement)));
  }
  return most;
}

Workspace carve(Carver& carver, const ModelConfig& model, const EngineConfig& engine) {
  const int64_t rows = engine.max_batch_tokens;
  Workspace w = {};
  w.tokens = carver.take<int32_t>(rows);
  w.positions = carver.take<int32_t>(rows);
  w.attention = carver.take<AttentionRow>(rows);
  w.output_rows = carver.take<int32_t>(rows);
  w.outputs = carver.take<OutputRow>(rows);

  const int64_t logits_rows = Activations::logits_rows_of(engine);
  w.n_samplers = static_cast<int>(std::min<int64_t>(engine.n_threads, logits_rows));
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
  w.op_scratch_bytes = op_scratch_bytes(model, engine);
  if (w.op_scratch_bytes > static_cast<size_t>(std::numeric_limits<int64_t>::max())) {
    invalid("workspace: the operators ask for %zu bytes", w.op_scratch_bytes);
  }
  w.op_scratch = carver.take<std::byte>(static_cast<int64_t>(w.op_scratch_bytes));
  return w;
}

}  // namespace

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
