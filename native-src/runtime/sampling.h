#pragma once

#include <cstdint>

#include "qwq.h"
#include "runtime/candidates.h"
#include "runtime/log_softmax.h"

namespace qwq {

// Buffers for one row, each of vocab_size elements.
struct SamplerScratch {
  float* adjusted;
  int32_t* ids;
  CandidateKey* selection;
};

// A row of raw logits, all finite, with its log-softmax.
struct LogitsRow {
  const float* logits;  // [vocab_size]
  int64_t vocab_size;
  int64_t n_token_ids;  // higher ids are padding: never drawn, never among the top log-probabilities
  LogSoftmax softmax;
};

// Chooses the next token in the order documented at struct qwq_sampling, whose fields must have been checked.
// Depends on nothing but its arguments. False if every token is forbidden.
bool sample(const LogitsRow& row, const qwq_sampling& sampling, const SamplerScratch& scratch,
            qwq_sampled* out);

}  // namespace qwq
