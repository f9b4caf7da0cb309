#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/backend.h"
#include "runtime/engine_config.h"
#include "runtime/model.h"

namespace qwq {

// What a stage's operators read and write, where they work: in the host's memory, or at addresses of a
// device. R rows: max_batch_tokens, on a device as many more as a captured step may add.
struct Activations {
  float* hidden;     // [R, hidden], the residual stream
  float* normed;     // [R, hidden]
  int64_t qkv_size;  // q_size + 2 kv_size: q, k and v of a row lie one after the other
  float* q;          // [R, q_size], row stride qkv_size
  float* k;          // [R, kv_size], likewise
  float* v;          // [R, kv_size], likewise
  float* attended;   // [R, q_size]
  float* projected;  // [R, hidden], what a block adds to the residual stream
  float* gate;       // [R, intermediate]
  float* up;         // [R, intermediate]

  // The vocabulary is wide: logits exist for logits_rows rows at a time, and in the last stage only.
  int64_t logits_rows;
  float* logits_input;  // [logits_rows, hidden]
  float* logits;        // [logits_rows, vocab]

  // Lays the floats out from `base` on; with a null base only `bytes` means something. Throws
  // Error(QWQ_INVALID_ARGUMENT) when the sizes do not fit a size_t.
  static Activations carve(std::byte* base, const ModelConfig& model, const EngineConfig& engine,
                           const Placement& placement, size_t* bytes);

  // Rows of logits computed at once.
  static int64_t logits_rows_of(const EngineConfig& engine);
  // R of a placement.
  static int64_t rows_of(const EngineConfig& engine, const Placement& placement);
  // Sizes of the operators' arguments.
  static OpLimits op_limits(const ModelConfig& model, const EngineConfig& engine, const Placement& placement);
};

}  // namespace qwq
