// A backend is a table of operators. runtime/forward.cc drives any of them; nothing above this file
// knows which one runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "qwq.h"
#include "runtime/kv_cache.h"
#include "runtime/tensor.h"

namespace qwq {

class ThreadPool;
class BackendSession;

// Numeric recipe of an operator, chosen by the role of a token (see enum qwq_role). Within a recipe the
// value of an output element depends only on its own inputs: not on the number of rows, not on how
// work is split over threads.
enum class Recipe { kPrefill, kDecode };

// What every operator needs beside its arguments. Operators poll cancelled() between tiles and return
// early; the caller looks again after each operator and discards the results.
struct OpContext {
  ThreadPool* pool;                   // never null; the caller is its worker 0
  const int32_t* cancel;              // may be null
  std::byte* scratch;                 // 64-byte aligned, shared by the workers of one operator
  size_t scratch_bytes;               // as asked for by Backend::scratch_bytes
  BackendSession* session = nullptr;  // what Backend::open returned

  bool cancelled() const { return cancel != nullptr && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0; }
};

// out[r, :] = dequantised row tokens[r] of the table.
struct EmbedArgs {
  const Tensor* table;    // [vocab, hidden]
  const int32_t* tokens;  // [n_rows]
  int64_t n_rows;
  float* out;  // [n_rows, hidden]
};

// out[r, i] = x[r, i] / sqrt(mean_i(x[r, i]^2) + eps) * weight[i]
struct RmsNormArgs {
  const float* x;       // [n_rows, n_cols]
  const float* weight;  // [n_cols], already widened to f32
  float eps;
  int64_t n_rows;
  int64_t n_cols;
  float* out;  // [n_rows, n_cols]; may alias x
};

// One weight matrix applied to the shared input of a MatmulArgs: out = x * weight^T + bias.
struct MatmulJob {
  const Tensor* weight;  // [rows, cols]
  const float* bias;     // [rows] or null
  float* out;            // [n_rows of x, weight->rows], row stride out_stride
  int64_t out_stride;
};

// Several matrices over the same input (q, k, v; gate, up), so that a backend packs the input once.
struct MatmulArgs {
  const MatmulJob* jobs;
  int n_jobs;
  const float* x;  // [n_rows, cols], contiguous
  int64_t n_rows;
  int64_t cols;  // equals weight->cols of every job
  Recipe recipe;
};

// Rotates pairs (i, i + head_dim/2) of every head in place ("NEOX" order):
// angle = position * inv_freq[i] in f32; cos and sin are multiplied by attention_factor.
struct RopeArgs {
  float* x;  // [n_rows, n_heads, head_dim], row stride x_stride
  int64_t x_stride;
  int64_t n_rows;
  int n_heads;
  int head_dim;
  const int32_t* positions;  // [n_rows]
  const float* inv_freq;     // [head_dim / 2]
  float attention_factor;
};

// A row of the batch as attention sees it.
struct AttentionRow {
  const int32_t* block_table;  // of the row's sequence
  int32_t position;            // attends to 0 .. position
};

// Writes K and V to their slots, rounded to the cache's type.
struct StoreKvArgs {
  const float* k;  // [n_rows, n_kv_heads, head_dim]
  const float* v;  // the same
  int64_t k_stride;
  int64_t v_stride;
  int64_t n_rows;
  const AttentionRow* rows;  // [n_rows]
  KvLayer kv;
};

// Causal softmax attention over the paged cache; query head h reads KV head h / (n_heads/n_kv_heads).
struct AttentionArgs {
  const float* q;  // [n_rows, n_heads, head_dim], row stride q_stride
  int64_t q_stride;
  int64_t n_rows;
  int n_heads;
  const AttentionRow* rows;  // [n_rows]; rows of one sequence are adjacent and ascending
  KvLayer kv;
  float scale;  // head_dim^-0.5
  float* out;   // [n_rows, n_heads, head_dim], contiguous
  Recipe recipe;
};

// out = silu(gate) * up, silu(x) = x / (1 + exp(-x))
struct SwigluArgs {
  const float* gate;
  const float* up;
  int64_t n_rows;
  int64_t n_cols;
  float* out;  // may alias gate
};

// x += y
struct AddArgs {
  float* x;
  const float* y;
  int64_t count;
};

// Largest sizes a model and an engine will ever pass; for sizing scratch.
struct OpLimits {
  int64_t max_rows;
  int64_t max_cols;  // widest matmul input
  int n_heads;
  int n_kv_heads;
  int head_dim;
  int n_threads;
  int64_t max_context;
};

// What an engine asks a backend with a memory of its own to take.
struct SessionArgs {
  const char* device;            // which one, in the backend's words; "" = the first
  const Tensor* const* weights;  // [n_weights] every matrix the operators will be given
  size_t n_weights;
  size_t kv_bytes;            // of the KV cache
  int64_t max_output_floats;  // most floats that one call writes
  OpLimits limits;
};

// What such a backend keeps for an engine: weights and KV cache on its device. All other pointers that
// operators are given are the host's. Lives in a library of its own: nothing throws, errors are statuses as
// in qwq.h.
class BackendSession {
 public:
  virtual ~BackendSession() = default;

  // Where KvLayer::base begins: not the host's memory, to be passed on only.
  virtual std::byte* kv_base() noexcept = 0;

  // Copy bytes of the KV cache, `offset` from its base.
  virtual int32_t copy_kv(size_t to, size_t from, size_t bytes, qwq_error* error) noexcept = 0;
  virtual int32_t read_kv(void* dst, size_t offset, size_t bytes, qwq_error* error) noexcept = 0;
  virtual int32_t write_kv(size_t offset, const void* src, size_t bytes, qwq_error* error) noexcept = 0;

  // QWQ_OK, or why an operator since the last call did not do its work.
  virtual int32_t take_failure(qwq_error* error) noexcept = 0;
};

struct Backend {
  const char* name;  // "reference" or the ISA variant: "avx2", ...
  void (*embed)(OpContext&, const EmbedArgs&);
  void (*rms_norm)(OpContext&, const RmsNormArgs&);
  void (*matmul)(OpContext&, const MatmulArgs&);
  void (*rope)(OpContext&, const RopeArgs&);
  void (*store_kv)(OpContext&, const StoreKvArgs&);
  void (*attention)(OpContext&, const AttentionArgs&);
  void (*swiglu)(OpContext&, const SwigluArgs&);
  void (*add)(OpContext&, const AddArgs&);
  size_t (*scratch_bytes)(const OpLimits&);
  KvType kv_type = KvType::kF16;  // of the cache an engine gives it, unless it asks for another
  // Null where operators work on the host's memory. The caller deletes the session.
  int32_t (*open)(const SessionArgs&, BackendSession** out, qwq_error*) = nullptr;
};

const Backend& reference_backend();

// The best usable variant for name == "", the named one otherwise; null if it is unknown or not usable
// on this machine.
const Backend* cpu_backend(const char* isa_name);

// The backend of a CUDA device, or of the simulated one ("sim"), from a library beside this one. Throws
// Error(QWQ_UNSUPPORTED) that says why there is none.
const Backend& cuda_backend(const char* device);

}  // namespace qwq
