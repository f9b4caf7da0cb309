#include "runtime/forward.h"

#include <cmath>

#include "runtime/error.h"

namespace qwq {

Forward::Forward(const Model& model, const Placement& placement, const KvCache& cache,
                 const Activations& activations)
    : model_(model),
      config_(model.config()),
      placement_(placement),
      backend_(*placement.backend),
      cache_(cache),
      a_(activations) {}

void stop_if_failed(const OpContext& op) {
  if (op.cancelled()) fail(QWQ_CANCELLED, "the step was cancelled");
  if (op.session == nullptr) return;
  qwq_error error = {};
  require_ok(op.session->take_failure(&error), error);
}

void Forward::run_layers(OpContext& op, const StepTable& step) {
  const Rows rows = {step.rows,
                     step.positions,
                     {0, step.n_prompt, Recipe::kPrefill},
                     {step.n_prompt, step.n_generated, Recipe::kDecode}};
  for (int i = 0; i < placement_.n_layers; ++i) {
    const Layer& layer = model_.layers()[static_cast<size_t>(placement_.first_layer + i)];
    if (i == 0) {
      rms_norm(op, a_.hidden, layer.attn_norm, rows.count(), a_.normed);
    } else {
      add_and_norm(op, layer.attn_norm, rows.count());
    }
    attention_block(op, layer, cache_.layer(i), rows);
    add_and_norm(op, layer.ffn_norm, rows.count());
    feed_forward_block(op, layer, rows);
    if (op.session != nullptr) op.session->pace();
  }
  add_residual(op, rows.count());
}

// projected = o_proj(attention(rope(q), rope(k), v)), with q, k, v = proj(normed) + bias
void Forward::attention_block(OpContext& op, const Layer& layer, const KvLayer& kv, const Rows& rows) {
  qkv_projection(op, layer, rows.prompt);
  qkv_projection(op, layer, rows.generated);
  rotate(op, rows);
  store_kv(op, kv, rows);
  attend(op, kv, rows.attention, rows.prompt);
  attend(op, kv, rows.attention, rows.generated);
  project(op, layer.o_proj, a_.attended, rows.prompt);
  project(op, layer.o_proj, a_.attended, rows.generated);
}

// projected = down_proj(silu(gate_proj(normed)) * up_proj(normed))
void Forward::feed_forward_block(OpContext& op, const Layer& layer, const Rows& rows) {
  gate_up_projection(op, layer, rows.prompt);
  gate_up_projection(op, layer, rows.generated);
  swiglu(op, rows.count());
  project(op, layer.down_proj, a_.gate, rows.prompt);
  project(op, layer.down_proj, a_.gate, rows.generated);
}

// logits = lm_head(rms_norm(hidden))
void Forward::compute_logits(OpContext& op, const int32_t* rows, int64_t n, Recipe recipe) {
  backend_.gather(op, {a_.hidden, rows, n, config_.hidden_size, a_.logits_input});
  stop_if_failed(op);
  rms_norm(op, a_.logits_input, model_.output_norm(), n, a_.logits_input);
  const MatmulJob job{&model_.lm_head(), nullptr, a_.logits, config_.vocab_size};
  backend_.matmul(op, {&job, 1, a_.logits_input, n, config_.hidden_size, recipe});
  stop_if_failed(op);
}

void Forward::rms_norm(OpContext& op, const float* x, const float* weight, int64_t n_rows, float* out) {
  backend_.rms_norm(op, {x, weight, config_.rms_norm_eps, n_rows, config_.hidden_size, out});
  stop_if_failed(op);
}

// hidden += projected; normed = rms_norm(hidden)
void Forward::add_and_norm(OpContext& op, const float* weight, int64_t n_rows) {
  backend_.add_rms_norm(
      op, {a_.hidden, a_.projected, weight, config_.rms_norm_eps, n_rows, config_.hidden_size, a_.normed});
  stop_if_failed(op);
}

void Forward::qkv_projection(OpContext& op, const Layer& layer, const RowRange& rows) {
  if (rows.count == 0) return;
  const int64_t skipped = rows.first * a_.qkv_size;
  const MatmulJob jobs[] = {
      {&layer.q_proj, layer.q_bias, a_.q + skipped, a_.qkv_size},
      {&layer.k_proj, layer.k_bias, a_.k + skipped, a_.qkv_size},
      {&layer.v_proj, layer.v_bias, a_.v + skipped, a_.qkv_size},
  };
  const float* x = a_.normed + rows.first * config_.hidden_size;
  backend_.matmul(op, {jobs, 3, x, rows.count, config_.hidden_size, rows.recipe});
  stop_if_failed(op);
}

// The heads of q and those of k, which lie behind them.
void Forward::rotate(OpContext& op, const Rows& rows) {
  RopeArgs args;
  args.x = a_.q;
  args.x_stride = a_.qkv_size;
  args.n_rows = rows.count();
  args.n_heads = config_.n_heads + config_.n_kv_heads;
  args.head_dim = config_.head_dim;
  args.positions = rows.positions;
  args.inv_freq = model_.rope().inv_freq.data();
  args.attention_factor = model_.rope().attention_factor;
  backend_.rope(op, args);
  stop_if_failed(op);
}

void Forward::store_kv(OpContext& op, const KvLayer& kv, const Rows& rows) {
  backend_.store_kv(op, {a_.k, a_.v, a_.qkv_size, a_.qkv_size, rows.count(), rows.attention, kv});
  stop_if_failed(op);
}

void Forward::attend(OpContext& op, const KvLayer& kv, const AttentionRow* attention, const RowRange& rows) {
  if (rows.count == 0) return;
  AttentionArgs args;
  args.q_stride = a_.qkv_size;
  args.q = a_.q + rows.first * args.q_stride;
  args.n_rows = rows.count;
  args.n_heads = config_.n_heads;
  args.rows = attention + rows.first;
  args.kv = kv;
  args.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(config_.head_dim)));
  args.out = a_.attended + rows.first * config_.q_size();
  args.recipe = rows.recipe;
  backend_.attention(op, args);
  stop_if_failed(op);
}

void Forward::gate_up_projection(OpContext& op, const Layer& layer, const RowRange& rows) {
  if (rows.count == 0) return;
  const int64_t width = config_.intermediate_size;
  const MatmulJob jobs[] = {
      {&layer.gate_proj, nullptr, a_.gate + rows.first * width, width},
      {&layer.up_proj, nullptr, a_.up + rows.first * width, width},
  };
  const float* x = a_.normed + rows.first * config_.hidden_size;
  backend_.matmul(op, {jobs, 2, x, rows.count, config_.hidden_size, rows.recipe});
  stop_if_failed(op);
}

void Forward::swiglu(OpContext& op, int64_t n_rows) {
  backend_.swiglu(op, {a_.gate, a_.up, n_rows, config_.intermediate_size, a_.gate});
  stop_if_failed(op);
}

// projected = x * weight^T
void Forward::project(OpContext& op, const Tensor& weight, const float* x, const RowRange& rows) {
  if (rows.count == 0) return;
  const MatmulJob job{&weight, nullptr, a_.projected + rows.first * weight.rows, weight.rows};
  backend_.matmul(op, {&job, 1, x + rows.first * weight.cols, rows.count, weight.cols, rows.recipe});
  stop_if_failed(op);
}

// hidden += projected
void Forward::add_residual(OpContext& op, int64_t n_rows) {
  backend_.add(op, {a_.hidden, a_.projected, n_rows * config_.hidden_size});
  stop_if_failed(op);
}

}  // namespace qwq
