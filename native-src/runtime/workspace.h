#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/backend.h"
#include "runtime/engine_config.h"
#include "runtime/model.h"
#include "runtime/pages.h"
#include "runtime/sampling.h"

namespace qwq {

enum class OutputProblem : int32_t { kNone, kNotFinite, kAllForbidden };

// A row of the batch whose logits are wanted.
struct OutputRow {
  int32_t row;            // of the step
  int32_t sequence;       // of the batch
  int32_t token;          // index within the sequence
  OutputProblem problem;  // what went wrong with it
};

// Every buffer a step needs, taken once. R = max_batch_tokens rows.
struct Workspace {
  // The rows of a step, prompt rows first.
  int32_t* tokens;          // [R]
  int32_t* positions;       // [R]
  AttentionRow* attention;  // [R]
  OutputRow* outputs;       // [R]

  float* hidden;     // [R, hidden], the residual stream
  float* normed;     // [R, hidden]
  float* q;          // [R, q_size]
  float* k;          // [R, kv_size]
  float* v;          // [R, kv_size]
  float* attended;   // [R, q_size]
  float* projected;  // [R, hidden], what a block adds to the residual stream
  float* gate;       // [R, intermediate]
  float* up;         // [R, intermediate]

  // The vocabulary is wide: logits exist for logits_rows rows at a time.
  int64_t logits_rows;
  float* logits_input;  // [logits_rows, hidden]
  float* logits;        // [logits_rows, vocab]

  int n_samplers;            // rows sampled at the same time
  SamplerScratch* samplers;  // [n_samplers]

  int32_t* block_writers;  // [n_kv_blocks] which sequence of the step writes a block; for checking a batch
  uint32_t* token_marks;   // [ceil(vocab / 32)] all 0 between uses; for checking a batch
  std::byte* op_scratch;
  size_t op_scratch_bytes;
};

// The memory behind a Workspace.
class WorkspaceMemory {
 public:
  // Throws Error(QWQ_OUT_OF_MEMORY).
  WorkspaceMemory(const ModelConfig& model, const EngineConfig& engine);

  Workspace& views() { return views_; }

  // Throws Error(QWQ_INVALID_ARGUMENT) when the sizes do not fit a size_t.
  static size_t bytes(const ModelConfig& model, const EngineConfig& engine);

  // Rows of logits computed at once.
  static int64_t logits_rows(const EngineConfig& engine);
  static OpLimits op_limits(const ModelConfig& model, const EngineConfig& engine);

 private:
  Pages pages_;
  Workspace views_;
};

}  // namespace qwq
