#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/backend.h"
#include "runtime/engine_config.h"
#include "runtime/model.h"
#include "runtime/pages.h"
#include "runtime/sampling.h"

namespace qwq {

// The host's buffers for a step, taken once, beside the activations of its stages. R = max_batch_tokens rows.
struct Workspace {
  // The rows of a step, prompt rows first.
  int32_t* tokens;          // [R]
  int32_t* positions;       // [R]
  AttentionRow* attention;  // [R]
  int32_t* output_rows;     // [R] those whose logits are wanted, ascending
  OutputRow* outputs;       // [R] what they are

  int n_samplers;            // rows sampled at the same time
  SamplerScratch* samplers;  // [n_samplers]

  int32_t* block_writers;  // [n_kv_blocks] which sequence of the step writes a block; for checking a batch
  uint32_t* token_marks;   // [ceil(vocab / 32)] all 0 between uses; for checking a batch
  std::byte* op_scratch;   // of the operators on the host
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

 private:
  Pages pages_;
  Workspace views_;
};

}  // namespace qwq
