#pragma once

#include <memory>

#include "kernels/backend.h"
#include "qwq.h"
#include "runtime/activations.h"
#include "runtime/engine_config.h"
#include "runtime/forward.h"
#include "runtime/kv_cache.h"
#include "runtime/model.h"
#include "runtime/pages.h"

namespace qwq {

// A placement at work: its layers with their activations and their part of the KV cache, where its backend
// computes.
class Stage {
 public:
  // Takes all memory and, on a device, copies the weights. Throws Error.
  Stage(const Model& model, const EngineConfig& config, const Placement& placement);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // The host's memory for the residual stream of a step's rows, [max_batch_tokens, hidden], to be filled
  // before run().
  float* hidden_input() { return session_ == nullptr ? a_.hidden : session_->hidden_input(); }

  // The layers of a step. `op` is the engine's, its session is not looked at.
  void run(OpContext op, const StepTable& step);

  // What run() left of the residual stream, in dst[n_rows, hidden].
  void read_hidden(float* dst, int64_t n_rows);

  // In the last stage: computes the logits of `n` of the step's output rows from `first` on, all of one
  // recipe, at most Activations::logits_rows_of. What follows is about such rows.
  void compute_logits(OpContext op, int64_t first, int64_t n, Recipe recipe);
  // Samples on the device and writes what the batch wants of the rows, but for raw logits. False if the host
  // must.
  bool write_outputs(int64_t first, int64_t n);
  // The logits, [n, vocab] in the host's memory, until they are computed again.
  const float* host_logits(int64_t first, int64_t n);
  // Copies a device's logits to dst[n, vocab].
  void read_logits(int64_t first, int64_t n, float* dst);

  KvCache& cache() { return cache_; }
  const KvCache& cache() const { return cache_; }

  // What the constructor takes of the host's memory for a device.
  static size_t host_bytes(const Model& model, const EngineConfig& config, const Placement& placement);
  // What it takes where it computes. Both throw Error(QWQ_INVALID_ARGUMENT) for sizes beyond size_t.
  static qwq_placement_memory memory(const Model& model, const EngineConfig& config,
                                     const Placement& placement);

 private:
  const float* logits_at(int64_t output) const {
    return a_.logits + (output - first_logits_) * model_.vocab_size;
  }

  const ModelConfig& model_;
  const Placement& placement_;
  std::unique_ptr<BackendSession> session_;  // null on the host
  KvCache cache_;
  Pages pages_;   // of the activations, on the host
  Pages logits_;  // the host's copy of a device's
  Activations a_;
  Forward forward_;
  StepTable step_ = {};       // as the operators see it
  bool captured_ = false;     // its logits are computed with its layers
  int64_t first_logits_ = 0;  // the output row whose logits lie first in a_.logits
};

}  // namespace qwq
