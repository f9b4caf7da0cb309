// What changes logits before a token is chosen: bias, penalties, mask.
#pragma once

#include <cstdint>

#include "qwq.h"

namespace qwq {

// logits[id] += value
void add_bias(const qwq_sampling& sampling, float* logits);

// As vLLM: first the repetition penalty over prompt and generated tokens (positive logits are divided,
// others multiplied), then frequency * count + presence * [count > 0] is subtracted, over generated tokens.
void apply_penalties(const qwq_sampling& sampling, float* logits);

// -inf for ids the mask forbids (mask == NULL: none) and for padding ids, n_token_ids .. vocab_size - 1.
void apply_mask(const uint32_t* allowed_mask, int64_t n_token_ids, int64_t vocab_size, float* logits);

}  // namespace qwq
