#pragma once

#include <cstdint>

#include "kernels/backend.h"
#include "runtime/kv_cache.h"
#include "runtime/model.h"
#include "runtime/workspace.h"

namespace qwq {

// Rows of one recipe: rows [first, first + count).
struct RowRange {
  int64_t first;
  int64_t count;
  Recipe recipe;
};

// The rows of a step lie in Workspace::tokens, positions and attention: those of prompt tokens first, then
// those of generated tokens, each sequence's adjacent and ascending. Empty ranges are allowed.
struct StepRows {
  RowRange prompt;
  RowRange generated;

  int64_t count() const { return prompt.count + generated.count; }
};

// The Qwen2 decoder over a table of operators. Throws Error(QWQ_CANCELLED) soon after the flag is set; the
// cache then holds a part of the step's K and V, which doing the step again overwrites.
class Forward {
 public:
  Forward(const Model& model, const Backend& backend, const KvCache& cache, Workspace& workspace);

  // Embedding and all layers: leaves the residual stream in Workspace::hidden and K, V in the cache.
  void run_layers(OpContext& op, const StepRows& rows);

  // Final norm and lm_head of `n_rows` <= logits_rows rows of one recipe, into Workspace::logits.
  void compute_logits(OpContext& op, const OutputRow* rows, int64_t n_rows, Recipe recipe);

 private:
  void embed(OpContext& op, int64_t n_rows);
  void attention_block(OpContext& op, const Layer& layer, const KvLayer& kv, const StepRows& rows);
  void feed_forward_block(OpContext& op, const Layer& layer, const StepRows& rows);

  void rms_norm(OpContext& op, const float* x, const float* weight, int64_t n_rows, float* out);
  void qkv_projection(OpContext& op, const Layer& layer, const RowRange& rows);
  void rotate(OpContext& op, float* x, int n_heads, int64_t n_rows);
  void store_kv(OpContext& op, const KvLayer& kv, int64_t n_rows);
  void attend(OpContext& op, const KvLayer& kv, const RowRange& rows);
  void gate_up_projection(OpContext& op, const Layer& layer, const RowRange& rows);
  void swiglu(OpContext& op, int64_t n_rows);
  void project(OpContext& op, const Tensor& weight, const float* x, const RowRange& rows);
  void add_residual(OpContext& op, int64_t n_rows);
  static void stop_if_failed(const OpContext& op);

  const Model& model_;
  const ModelConfig& config_;
  const Backend& backend_;
  const KvCache& cache_;
  Workspace& w_;
};

}  // namespace qwq
