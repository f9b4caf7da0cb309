#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/backend.h"
#include "qwq.h"

namespace qwq {

// A checked qwq_engine_config.
struct EngineConfig {
  const Backend* backend;
  char device[24];  // of the cuda backend
  KvType kv_type;
  int n_threads;
  bool pin_threads;
  int kv_block_size;
  int n_kv_blocks;
  int max_batch_tokens;
  int max_sequences;

  // Tokens of the longest sequence the pool can hold; positions are int32_t.
  int64_t max_context() const {
    return std::min<int64_t>(static_cast<int64_t>(n_kv_blocks) * kv_block_size,
                             std::numeric_limits<int32_t>::max());
  }
};

// Throws Error: QWQ_INVALID_ARGUMENT naming the field, or QWQ_UNSUPPORTED for an instruction set that this
// build or machine lacks.
EngineConfig check_engine_config(const qwq_engine_config& config);

}  // namespace qwq
