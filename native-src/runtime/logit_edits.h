// What changes logits before a token is chosen: bias, penalties, mask.
#pragma once

#include <cstdint>

#include "kernels/sampling_math.h"
#include "qwq.h"

namespace qwq {

// logits[id] += value
void add_bias(const qwq_sampling& sampling, float* logits);

inline Penalties penalties_of(const qwq_sampling& sampling) {
  return {sampling.repetition_penalty, sampling.frequency_penalty, sampling.presence_penalty};
}

// penalised_logit for each token seen
void apply_penalties(const qwq_sampling& sampling, float* logits);

// -inf for ids the mask forbids (mask == NULL: none) and for padding ids, n_token_ids .. vocab_size - 1.
void apply_mask(const uint32_t* allowed_mask, int64_t n_token_ids, int64_t vocab_size, float* logits);

}  // namespace qwq
