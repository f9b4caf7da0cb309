#include "runtime/forward.h"

#include <cmath>
#include <cstring>

#include "runtime/error.h"

namespace qwq {

Forward::Forward(const Model& model, const Backend& backend, const KvCache& cache, Workspace& workspace)
    : model_(model), config_(model.config()), backend_(backend), cache_(cache), w_(workspace) {}

// Operators return early when the flag is set, with half-written results, and devices fail: look after each
// of them.
void Forward::stop_if_failed(const OpContext& op) {
  if (op.cancelled()) fail(QWQ_CANCELLED, "the step was cancelled");
  if (op.session == nullptr) return;
  qwq_error error = {};
  const int32_t status = op.session->take_failure(&error);
  if (status != QWQ_OK) fail(static_cast<qwq_status>(status), "%s", error.message);
}

void Forward::run_layers(OpContext& op, const StepRows& rows) {
  embed(op, rows.count());
  int index = 0;
  for (const Layer& layer : model_.layers()) {
    attention_block(op, layer, cache_.layer(index++), rows);
    feed_forward_block(op, layer, rows);
  }
}

// hidden += o_proj(attention(rope(q), rope(k), v)), with q, k, v = proj(rms_norm(hidden)) + bias
void Forward::attention_block(OpContext& op, const Layer& layer, const KvLayer& kv, const StepRows& rows) {
  rms_norm(op, w_.hidden, layer.attn_norm, rows.count(), w_.normed);
  qkv_projection(op, layer, rows.prompt);
  qkv_projection(op, layer, rows.generated);
  rotate(op, w_.q, config_.n_heads, rows.count());
  rotate(op, w_.k, config_.n_kv_heads, rows.count());
  store_kv(op, kv, rows.count());
  attend(op, kv, rows.prompt);
  attend(op, kv, rows.generated);
  project(op, layer.o_proj, w_.attended, rows.prompt);
  project(op, layer.o_proj, w_.attended, rows.generated);
  add_residual(op, rows.count());
}

// hidden += down_proj(silu(gate_proj(x)) * up_proj(x)), with x = rms_norm(hidden)
void Forward::feed_forward_block(OpContext& op, const Layer& layer, const StepRows& rows) {
  rms_norm(op, w_.hidden, layer.ffn_norm, rows.count(), w_.normed);
  gate_up_projection(op, layer, rows.prompt);
  gate_up_projection(op, layer, rows.generated);
  swiglu(op, rows.count());
  project(op, layer.down_proj, w_.gate, rows.prompt);
  project(op, layer.down_proj, w_.gate, rows.generated);
  add_residual(op, rows.count());
}

// logits = lm_head(rms_norm(hidden))
void Forward::compute_logits(OpContext& op, const OutputRow* rows, int64_t n_rows, Recipe recipe) {
  const size_t row_bytes = static_cast<size_t>(config_.hidden_size) * sizeof(float);
  for (int64_t i = 0; i < n_rows; ++i) {
    std::memcpy(w_.logits_input + i * config_.hidden_size, w_.hidden + rows[i].row * config_.hidden_size,
                row_bytes);
  }
  rms_norm(op, w_.logits_input, model_.output_norm(), n_rows, w_.logits_input);
  const MatmulJob job{&model_.lm_head(), nullptr, w_.logits, config_.vocab_size};
  backend_.matmul(op, {&job, 1, w_.logits_input, n_rows, config_.hidden_size, recipe});
  stop_if_failed(op);
}

void Forward::embed(OpContext& op, int64_t n_rows) {
  backend_.embed(op, {&model_.token_embd(), w_.tokens, n_rows, w_.hidden});
  stop_if_failed(op);
}

void Forward::rms_norm(OpContext& op, const float* x, const float* weight, int64_t n_rows, float* out) {
  backend_.rms_norm(op, {x, weight, config_.rms_norm_eps, n_rows, config_.hidden_size, out});
  stop_if_failed(op);
}

void Forward::qkv_projection(OpContext& op, const Layer& layer, const RowRange& rows) {
  if (rows.count == 0) return;
  const int64_t q_size = config_.q_size();
  const int64_t kv_size = config_.kv_size();
  const MatmulJob jobs[] = {
      {&layer.q_proj, layer.q_bias, w_.q + rows.first * q_size, q_size},
      {&layer.k_proj, layer.k_bias, w_.k + rows.first * kv_size, kv_size},
      {&layer.v_proj, layer.v_bias, w_.v + rows.first * kv_size, kv_size},
  };
  const float* x = w_.normed + rows.first * config_.hidden_size;
  backend_.matmul(op, {jobs, 3, x, rows.count, config_.hidden_size, rows.recipe});
  stop_if_failed(op);
}

void Forward::rotate(OpContext& op, float* x, int n_heads, int64_t n_rows) {
  RopeArgs args;
  args.x = x;
  args.x_stride = static_cast<int64_t>(n_heads) * config_.head_dim;
  args.n_rows = n_rows;
  args.n_heads = n_heads;
  args.head_dim = config_.head_dim;
  args.positions = w_.positions;
  args.inv_freq = model_.rope().inv_freq.data();
  args.attention_factor = model_.rope().attention_factor;
  backend_.rope(op, args);
  stop_if_failed(op);
}

void Forward::store_kv(OpContext& op, const KvLayer& kv, int64_t n_rows) {
  const int64_t stride = config_.kv_size();
  backend_.store_kv(op, {w_.k, w_.v, stride, stride, n_rows, w_.attention, kv});
  stop_if_failed(op);
}

void Forward::attend(OpContext& op, const KvLayer& kv, const RowRange& rows) {
  if (rows.count == 0) return;
  AttentionArgs args;
  args.q_stride = config_.q_size();
  args.q = w_.q + rows.first * args.q_stride;
  args.n_rows = rows.count;
  args.n_heads = config_.n_heads;
  args.rows = w_.attention + rows.first;
  args.kv = kv;
  args.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(config_.head_dim)));
  args.out = w_.attended + rows.first * args.q_stride;
  args.recipe = rows.recipe;
  backend_.attention(op, args);
  stop_if_failed(op);
}

void Forward::gate_up_projection(OpContext& op, const Layer& layer, const RowRange& rows) {
  if (rows.count == 0) return;
  const int64_t width = config_.intermediate_size;
  const MatmulJob jobs[] = {
      {&layer.gate_proj, nullptr, w_.gate + rows.first * width, width},
      {&layer.up_proj, nullptr, w_.up + rows.first * width, width},
  };
  const float* x = w_.normed + rows.first * config_.hidden_size;
  backend_.matmul(op, {jobs, 2, x, rows.count, config_.hidden_size, rows.recipe});
  stop_if_failed(op);
}

void Forward::swiglu(OpContext& op, int64_t n_rows) {
  backend_.swiglu(op, {w_.gate, w_.up, n_rows, config_.intermediate_size, w_.gate});
  stop_if_failed(op);
}

// projected = x * weight^T
void Forward::project(OpContext& op, const Tensor& weight, const float* x, const RowRange& rows) {
  if (rows.count == 0) return;
  const MatmulJob job{&weight, nullptr, w_.projected + rows.first * weight.rows, weight.rows};
  backend_.matmul(op, {&job, 1, x + rows.first * weight.cols, rows.count, weight.cols, rows.recipe});
  stop_if_failed(op);
}

// hidden += projected
void Forward::add_residual(OpContext& op, int64_t n_rows) {
  backend_.add(op, {w_.hidden, w_.projected, n_rows * config_.hidden_size});
  stop_if_failed(op);
}

}  // namespace qwq
