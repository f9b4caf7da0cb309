#include "runtime/logit_edits.h"

#include <algorithm>
#include <limits>

namespace qwq {

namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

}  // namespace

void add_bias(const qwq_sampling& sampling, float* logits) {
  for (int32_t i = 0; i < sampling.n_bias; ++i) {
    float& logit = logits[sampling.bias_tokens[i]];
    logit = biased_logit(logit, sampling.bias_values[i]);
  }
}

void apply_penalties(const qwq_sampling& sampling, float* logits) {
  const Penalties penalties = penalties_of(sampling);
  if (penalties.none()) return;
  for (int32_t i = 0; i < sampling.n_seen; ++i) {
    float& logit = logits[sampling.seen_tokens[i]];
    logit = penalised_logit(logit, penalties, sampling.seen_counts[i]);
  }
}

void apply_mask(const uint32_t* allowed_mask, int64_t n_token_ids, int64_t vocab_size, float* logits) {
  std::fill(logits + n_token_ids, logits + vocab_size, kForbidden);
  if (allowed_mask == nullptr) return;
  for (int64_t first = 0; first < n_token_ids; first += 32) {
    const uint32_t word = allowed_mask[first / 32];
    if (word == 0xffffffffu) continue;
    const int64_t n = std::min<int64_t>(32, n_token_ids - first);
    for (int64_t bit = 0; bit < n; ++bit) {
      if ((word >> bit & 1u) == 0) logits[first + bit] = kForbidden;
    }
  }
}

}  // namespace qwq
