// A backend is a table of operators. runtime/forward.cc drives any of them; nothing above this file
// knows which one runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "qwq.h"
#include "runtime/kv_layer.h"
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

// x += y, then out = rms_norm(x): one pass over what lies between two blocks of a decoder.
struct AddRmsNormArgs {
  float* x;             // [n_rows, n_cols]
  const float* y;       // [n_rows, n_cols]
  const float* weight;  // [n_cols]
  float eps;
  int64_t n_rows;
  int64_t n_cols;
  float* out;  // [n_rows, n_cols]; none of the others
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

// out[r, :] = x[rows[r], :]
struct GatherArgs {
  const float* x;       // [*, n_cols]
  const int32_t* rows;  // [n_rows]
  int64_t n_rows;
  int64_t n_cols;
  float* out;  // [n_rows, n_cols]
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
  // Of the quantised weights, for operators on a device; else 0.
  int64_t max_quantized_rows;
  int64_t max_quantized_elements;
  int n_heads;
  int n_kv_heads;
  int head_dim;
  int n_threads;
  int64_t max_context;
  int64_t max_sequences;
  int64_t hidden_size;
  int kv_block_size;
  // Where logits are computed; else 0.
  int64_t logits_rows;  // at once
  int64_t vocab_size;
  int64_t n_token_ids;
};

enum class OutputProblem : int32_t { kNone, kNotFinite, kAllForbidden };

// A row whose logits are wanted.
struct OutputRow {
  int32_t sequence;       // of the batch
  int32_t token;          // index within the sequence
  OutputProblem problem;  // what went wrong with it
};

// The rows of a step: those of prompt tokens first, each sequence's adjacent and ascending.
struct StepTable {
  const AttentionRow* rows;  // [n_prompt + n_generated]
  const int32_t* positions;  // [n_prompt + n_generated] those of rows
  int64_t n_prompt;
  int64_t n_generated;
  const int32_t* output_rows;  // [n_prompt_outputs + n_generated_outputs] those whose logits are wanted
  OutputRow* outputs;          // [n_prompt_outputs + n_generated_outputs] what is wanted of them
  int64_t n_prompt_outputs;
  int64_t n_generated_outputs;
  const qwq_batch* batch;

  int64_t n_rows() const { return n_prompt + n_generated; }
  int64_t n_outputs() const { return n_prompt_outputs + n_generated_outputs; }
};

// Floats that operators are given, beside activations.
struct SessionVector {
  const float* data;
  int64_t size;
};

// What an engine asks a backend with a memory of its own to take.
struct SessionArgs {
  const char* device;            // which one, in the backend's words; "" = the first
  const Tensor* const* weights;  // [n_weights] every matrix the operators will be given
  size_t n_weights;
  const SessionVector* vectors;  // [n_vectors] norms, biases, frequencies
  size_t n_vectors;
  size_t kv_bytes;          // of the KV cache
  int32_t spare_block;      // of the cache, which no sequence uses; has kv_block_size slots
  size_t activation_bytes;  // of the memory behind activations()
  OpLimits limits;
  uint64_t* loaded_bytes;  // see qwq_engine_config; may be null
  const int32_t* cancel;   // the same
};

// Bytes that `bytes` of a weight or a vector take on a device.
constexpr size_t device_bytes(size_t bytes) { return (bytes + 255) / 256 * 256; }

// How the operators of a step are to be called.
enum class StepMode {
  kEager,    // each of them
  kCapture,  // each of them, those of output rows at once, then sample_captured: they are written down, and
             // done by launch_captured
  kReplay,   // none: what a step of the same kind wrote down is being done
};

// What begin_step made of a step.
struct StepStart {
  StepMode mode;
  int64_t n_generated;  // rows, with those added to fill a captured step; their results mean nothing
};

// What such a backend keeps for an engine: weights, vectors, activations and KV cache on its device.
// Operators take activations, positions and output rows there; weights and vectors by the host's pointers.
// They may return before their work is done. Lives in a library of its own: nothing throws, errors are
// statuses as in qwq.h. Used by one thread at a time.
class BackendSession {
 public:
  virtual ~BackendSession() = default;

  // Where KvLayer::base begins, and where activations lie: not the host's memory, to be passed on only.
  virtual std::byte* kv_base() noexcept = 0;
  virtual std::byte* activations() noexcept = 0;
  virtual const int32_t* positions() noexcept = 0;    // [rows of the step]
  virtual const int32_t* output_rows() noexcept = 0;  // [outputs of the step]

  // The host's memory for the residual stream of a step's rows, [max_rows, hidden], to be filled before
  // begin_step.
  virtual float* hidden_input() noexcept = 0;

  // Brings a step's rows to the device, and hidden_input() to `hidden`.
  virtual int32_t begin_step(const StepTable& table, float* hidden, StepStart* out,
                             qwq_error* error) noexcept = 0;
  // Samples all output rows from their logits, in a step that is written down.
  virtual void sample_captured(const float* logits) noexcept = 0;
  // Ends the writing down, and does what was written; keeps it for steps of the same kind. If it fails, no
  // step is captured any more, and this one may be begun again.
  virtual int32_t launch_captured(qwq_error* error) noexcept = 0;
  // Ends the writing down without; nothing to do in other modes.
  virtual void abandon_capture() noexcept = 0;
  // A layer's operators have been called: waits while too many layers are under way for a cancelled step to
  // end soon.
  virtual void pace() noexcept = 0;

  // Samples output rows [first, first + n) of the step from their logits, unless that was captured, and
  // writes what the batch wants of them but for raw logits. *done is false if the host must.
  virtual int32_t write_outputs(const float* logits, int64_t first, int64_t n, bool* done,
                                qwq_error* error) noexcept = 0;

  // Waits until all that was called is done.
  virtual int32_t finish(qwq_error* error) noexcept = 0;

  // Copies floats from the device when all that was called before is done.
  virtual int32_t read(float* dst, const float* src, int64_t count, qwq_error* error) noexcept = 0;

  // Copy bytes of the KV cache, `offset` from its base.
  virtual int32_t copy_kv(size_t to, size_t from, size_t bytes, qwq_error* error) noexcept = 0;
  virtual int32_t read_kv(void* dst, size_t offset, size_t bytes, qwq_error* error) noexcept = 0;
  virtual int32_t write_kv(size_t offset, const void* src, size_t bytes, qwq_error* error) noexcept = 0;

  // QWQ_OK, or why an operator since the last call did not do its work.
  virtual int32_t take_failure(qwq_error* error) noexcept = 0;
};

struct Backend {
  const char* name;                             // "reference" or the ISA variant: "avx2", ...
  void (*embed)(OpContext&, const EmbedArgs&);  // null where `open` is not: the host embeds
  void (*rms_norm)(OpContext&, const RmsNormArgs&);
  void (*add_rms_norm)(OpContext&, const AddRmsNormArgs&);
  void (*matmul)(OpContext&, const MatmulArgs&);
  void (*rope)(OpContext&, const RopeArgs&);
  void (*store_kv)(OpContext&, const StoreKvArgs&);
  void (*attention)(OpContext&, const AttentionArgs&);
  void (*swiglu)(OpContext&, const SwigluArgs&);
  void (*add)(OpContext&, const AddArgs&);
  void (*gather)(OpContext&, const GatherArgs&);
  // Of OpContext::scratch; where `open` is not null, of what a session takes beside what its arguments name.
  size_t (*scratch_bytes)(const OpLimits&);
  // Where `open` is not null: of what a session takes of the host's memory.
  size_t (*host_bytes)(const OpLimits&) = nullptr;
  // Null where operators work on the host's memory. The caller deletes the session.
  int32_t (*open)(const SessionArgs&, BackendSession** out, qwq_error*) = nullptr;
};

// The same for all backends on the host's memory.
void gather_rows(OpContext& ctx, const GatherArgs& args);

const Backend& reference_backend();

// The best usable variant for name == "", the named one otherwise; null if it is unknown or not usable
// on this machine.
const Backend* cpu_backend(const char* isa_name);

// The backend of a CUDA device, or of the simulated one ("sim"), from a library beside this one. Throws
// Error(QWQ_UNSUPPORTED) that says why there is none.
const Backend& cuda_backend(const char* device);

}  // namespace qwq
