#include "runtime/stage.h"

#include <algorithm>
#include <cstdio>

#include "formats/format_table.h"
#include "runtime/checked.h"
#include "runtime/error.h"
#include "runtime/stage_weights.h"

namespace qwq {

namespace {

// Blocks of a placement's cache: a device has one more, for the rows that fill captured steps.
int n_cache_blocks(const EngineConfig& config, const Placement& placement) {
  return config.n_kv_blocks + (placement.on_device() ? 1 : 0);
}

size_t cache_bytes(const Model& model, const EngineConfig& config, const Placement& placement) {
  return KvCache::bytes(model.config(), placement.n_layers, config.kv_type, config.kv_block_size,
                        n_cache_blocks(config, placement));
}

size_t activation_bytes(const Model& model, const EngineConfig& config, const Placement& placement) {
  size_t bytes = 0;
  Activations::carve(nullptr, model.config(), config, placement, &bytes);
  return bytes;
}

OpLimits device_limits(const Model& model, const EngineConfig& config, const Placement& placement) {
  OpLimits limits = Activations::op_limits(model.config(), config, placement);
  for (const Tensor* matrix : StageWeights(model, placement).matrices) {
    if (find_format(matrix->dtype)->block_elements == 1) continue;
    limits.max_quantized_rows = std::max(limits.max_quantized_rows, matrix->rows);
    limits.max_quantized_elements = std::max(limits.max_quantized_elements, matrix->rows * matrix->cols);
  }
  return limits;
}

std::unique_ptr<BackendSession> open_session(const Model& model, const EngineConfig& config,
                                             const Placement& placement) {
  if (!placement.on_device()) return nullptr;
  const StageWeights weights(model, placement);
  SessionArgs args = {};
  args.device = placement.device.c_str();
  args.weights = weights.matrices.data();
  args.n_weights = weights.matrices.size();
  args.vectors = weights.vectors.data();
  args.n_vectors = weights.vectors.size();
  args.kv_bytes = cache_bytes(model, config, placement);
  args.spare_block = config.n_kv_blocks;
  args.activation_bytes = activation_bytes(model, config, placement);
  args.limits = device_limits(model, config, placement);
  args.loaded_bytes = config.loaded_bytes;
  args.cancel = config.load_cancel;
  BackendSession* session = nullptr;
  qwq_error error = {};
  require_ok(placement.backend->open(args, &session, &error), error);
  return std::unique_ptr<BackendSession>(session);
}

size_t logits_bytes(const Model& model, const EngineConfig& config, const Placement& placement) {
  if (!placement.on_device() || !placement.last) return 0;
  return checked_mul(static_cast<size_t>(Activations::logits_rows_of(config)),
                     static_cast<size_t>(model.config().vocab_size) * sizeof(float), "workspace");
}

Activations lay_out(const Model& model, const EngineConfig& config, const Placement& placement,
                    std::byte* base) {
  size_t bytes = 0;
  return Activations::carve(base, model.config(), config, placement, &bytes);
}

// Whatever happens meanwhile, operators are called for themselves again afterwards.
class Capture {
 public:
  explicit Capture(BackendSession& session) : session_(session) {}
  ~Capture() { session_.abandon_capture(); }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

 private:
  BackendSession& session_;
};

}  // namespace

Stage::Stage(const Model& model, const EngineConfig& config, const Placement& placement)
    : model_(model.config()),
      placement_(placement),
      session_(open_session(model, config, placement)),
      cache_(model_, placement.n_layers, config.kv_type, config.kv_block_size, config.n_kv_blocks,
             session_.get()),
      pages_(session_ != nullptr ? Pages() : Pages(activation_bytes(model, config, placement), "workspace")),
      logits_(logits_bytes(model, config, placement), "workspace"),
      a_(lay_out(model, config, placement, session_ != nullptr ? session_->activations() : pages_.data())),
      forward_(model, placement, cache_, a_) {}

void Stage::run(OpContext op, const StepTable& step) {
  op.session = session_.get();
  captured_ = false;
  step_ = step;
  if (session_ == nullptr) {
    forward_.run_layers(op, step);
    return;
  }
  StepStart start = {};
  qwq_error error = {};
  require_ok(session_->begin_step(step, a_.hidden, &start, &error), error);
  captured_ = start.mode != StepMode::kEager;
  step_.n_generated = start.n_generated;
  step_.positions = session_->positions();
  step_.output_rows = session_->output_rows();
  if (start.mode == StepMode::kReplay) return;
  const Capture capture(*session_);
  forward_.run_layers(op, step_);
  if (start.mode == StepMode::kEager) {
    // Nobody will wait for results that nobody wants, but the next step must find the device idle.
    if (placement_.last && step.n_outputs() == 0) require_ok(session_->finish(&error), error);
    return;
  }
  if (placement_.last) {
    forward_.compute_logits(op, step_.output_rows, step_.n_generated, Recipe::kDecode);
    session_->sample_captured(a_.logits);
    stop_if_failed(op);
  }
  if (session_->launch_captured(&error) != QWQ_OK) run(op, step);
}

void Stage::read_hidden(float* dst, int64_t n_rows) {
  const int64_t count = n_rows * model_.hidden_size;
  if (session_ == nullptr) {
    std::copy(a_.hidden, a_.hidden + count, dst);
    return;
  }
  qwq_error error = {};
  require_ok(session_->read(dst, a_.hidden, count, &error), error);
}

void Stage::compute_logits(OpContext op, int64_t first, int64_t n, Recipe recipe) {
  op.session = session_.get();
  first_logits_ = captured_ ? 0 : first;
  if (!captured_) forward_.compute_logits(op, step_.output_rows + first, n, recipe);
}

bool Stage::write_outputs(int64_t first, int64_t n) {
  if (session_ == nullptr) return false;
  bool done = false;
  qwq_error error = {};
  require_ok(session_->write_outputs(logits_at(first), first, n, &done, &error), error);
  return done;
}

const float* Stage::host_logits(int64_t first, int64_t n) {
  if (session_ == nullptr) return logits_at(first);
  float* copy = reinterpret_cast<float*>(logits_.data());
  read_logits(first, n, copy);
  return copy;
}

void Stage::read_logits(int64_t first, int64_t n, float* dst) {
  qwq_error error = {};
  require_ok(session_->read(dst, logits_at(first), n * model_.vocab_size, &error), error);
}

size_t Stage::host_bytes(const Model& model, const EngineConfig& config, const Placement& placement) {
  if (!placement.on_device()) return 0;
  const OpLimits limits = device_limits(model, config, placement);
  return checked_add(logits_bytes(model, config, placement), placement.backend->host_bytes(limits),
                     "workspace");
}

qwq_placement_memory Stage::memory(const Model& model, const EngineConfig& config,
                                   const Placement& placement) {
  qwq_placement_memory memory = {};
  std::snprintf(memory.device, sizeof(memory.device), "%s", placement.device.c_str());
  memory.first_layer = placement.first_layer;
  memory.n_layers = placement.n_layers;
  memory.kv_cache_bytes = cache_bytes(model, config, placement);
  memory.workspace_bytes = activation_bytes(model, config, placement);
  if (placement.on_device()) {
    memory.weights_bytes = StageWeights(model, placement).bytes();
    const OpLimits limits = device_limits(model, config, placement);
    memory.workspace_bytes =
        checked_add(memory.workspace_bytes, placement.backend->scratch_bytes(limits), "workspace");
  }
  return memory;
}

}  // namespace qwq
