#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "qwq.h"

namespace qwq {

// Where a run of layers is computed.
struct Placement {
  const Backend* backend;
  std::string device;  // as in struct qwq_placement
  int first_layer;
  int n_layers;
  bool last;  // final norm and lm_head, too

  bool on_device() const { return backend->open != nullptr; }
};

// A checked qwq_engine_config.
struct EngineConfig {
  const Backend* host;  // of the embedding
  std::vector<Placement> placements;
  KvType kv_type;
  int n_threads;
  bool pin_threads;
  int kv_block_size;
  int n_kv_blocks;
  int max_batch_tokens;
  int max_sequences;
  uint64_t* loaded_bytes;
  const int32_t* load_cancel;

  // Tokens of the longest sequence the pool can hold; positions are int32_t.
  int64_t max_context() const {
    return std::min<int64_t>(static_cast<int64_t>(n_kv_blocks) * kv_block_size,
                             std::numeric_limits<int32_t>::max());
  }
};

// Throws Error: QWQ_INVALID_ARGUMENT naming the field, or QWQ_UNSUPPORTED for an instruction set or device
// that this build or machine lacks.
EngineConfig check_engine_config(const qwq_engine_config& config, int n_layers);

}  // namespace qwq
