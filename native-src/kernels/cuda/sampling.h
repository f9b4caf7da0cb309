// Sampling on the device: what struct qwq_sampling asks for, with the draws and log-probabilities of
// runtime/sampling.h to the bit (kernels/sampling_math.h). A step's rows are described in one piece of
// memory, which SamplePacker writes, and answered in one; launches depend on the number of rows and on
// nothing in them, so that a captured graph serves other rows, too.
#pragma once

#include "kernels/cuda/simt.h"
#include "qwq.h"

namespace qwq::cuda {

// What a row is there for. A row in use is checked for numbers that are not finite, whatever else it wants.
enum SampleWants : uint32_t { kRowInUse = 1, kWantsSample = 2, kWantsTarget = 4 };

// How one row of logits is to be sampled. Its lists lie behind the rows, in words of 32 bits: n_bias pairs of
// id and value, n_seen pairs of id and count, and, with has_mask, ceil(vocab_size / 32) words of it.
struct SampleRow {
  uint64_t random;      // the draw is random * 2^-64
  uint64_t top_p;       // in units of 2^-64; 0 = off
  uint64_t first_word;  // of the lists, counted from the first row
  uint32_t wants;       // SampleWants
  int32_t target;       // id
  float temperature;    // > 0: greedy is top_k = 1
  float least_score;    // by min_p
  float repetition;     // penalties
  float frequency;
  float presence;
  int32_t top_k;  // 0 = off
  int32_t n_top;  // log-probabilities, 0 .. min(QWQ_MAX_TOP_LOGPROBS, n_token_ids)
  int32_t n_bias;
  int32_t n_seen;
  int32_t has_mask;
};

enum class SampleProblem : int32_t { kNone, kNotFinite, kAllForbidden };

// The answer to a row; zeros where nothing was wanted.
struct SampleResult {
  int32_t problem;  // SampleProblem. With kNotFinite nothing else holds, with kAllForbidden no token
  int32_t token;
  float logprob;
  float target_logprob;
  int32_t n_top;  // most likely first
  int32_t top_tokens[QWQ_MAX_TOP_LOGPROBS];
  float top_logprobs[QWQ_MAX_TOP_LOGPROBS];
};

// Pointers are to memory of the device.
struct SampleArgs {
  const float* logits;    // [n_rows, vocab_size] raw; are not changed
  const std::byte* rows;  // what SamplePacker wrote for n_rows rows, aligned to 8 bytes
  size_t rows_bytes;      // that may be read there: a graph that is used again wants all that may ever come
  int64_t n_rows;         // rows that are not in use count, too; at most 65,535
  int64_t vocab_size;     // at most kMostTokens
  int64_t n_token_ids;    // higher ids are padding
  SampleResult* results;  // [n_rows]
};

// `scratch` has sample_scratch_bytes of at least as many rows; aligned to 16 bytes.
void sample_rows(Stream& stream, const SampleArgs& args, std::byte* scratch);
size_t sample_scratch_bytes(int64_t max_rows, int64_t vocab_size);

}  // namespace qwq::cuda
