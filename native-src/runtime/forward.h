#pragma once

#include <cstdint>

#include "kernels/backend.h"
#include "runtime/activations.h"
#include "runtime/kv_cache.h"
#include "runtime/model.h"

namespace qwq {

// Rows of one recipe: rows [first, first + count).
struct RowRange {
  int64_t first;
  int64_t count;
  Recipe recipe;
};

// The Qwen2 decoder over a table of operators: a run of its layers, and its output if they are the last.
// Throws Error(QWQ_CANCELLED) soon after the flag is set; the cache then holds a part of the step's K and V,
// which doing the step again overwrites.
class Forward {
 public:
  Forward(const Model& model, const Placement& placement, const KvCache& cache,
          const Activations& activations);

  // The layers: takes the residual stream in Activations::hidden and leaves it there, K and V in the cache.
  void run_layers(OpContext& op, const StepTable& step);

  // Final norm and lm_head of rows[n] of the residual stream, n <= logits_rows, of one recipe, into
  // Activations::logits.
  void compute_logits(OpContext& op, const int32_t* rows, int64_t n, Recipe recipe);

 private:
  struct Rows {
    const AttentionRow* attention;
    const int32_t* positions;
    RowRange prompt;
    RowRange generated;

    int64_t count() const { return prompt.count + generated.count; }
  };

  void attention_block(OpContext& op, const Layer& layer, const KvLayer& kv, const Rows& rows);
  void feed_forward_block(OpContext& op, const Layer& layer, const Rows& rows);

  void rms_norm(OpContext& op, const float* x, const float* weight, int64_t n_rows, float* out);
  void add_and_norm(OpContext& op, const float* weight, int64_t n_rows);
  void qkv_projection(OpContext& op, const Layer& layer, const RowRange& rows);
  void rotate(OpContext& op, const Rows& rows);
  void store_kv(OpContext& op, const KvLayer& kv, const Rows& rows);
  void attend(OpContext& op, const KvLayer& kv, const AttentionRow* attention, const RowRange& rows);
  void gate_up_projection(OpContext& op, const Layer& layer, const RowRange& rows);
  void swiglu(OpContext& op, int64_t n_rows);
  void project(OpContext& op, const Tensor& weight, const float* x, const RowRange& rows);
  void add_residual(OpContext& op, int64_t n_rows);

  const Model& model_;
  const ModelConfig& config_;
  const Placement& placement_;
  const Backend& backend_;
  const KvCache& cache_;
  const Activations& a_;
};

// Operators return early when the flag is set, with half-written results, and devices fail: look after each
// of them.
void stop_if_failed(const OpContext& op);

}  // namespace qwq
