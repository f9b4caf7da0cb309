#include "runtime/logit_edits.h"

#include <algorithm>
#include <limits>

namespace qwq {

namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

// An edited logit: never +inf or NaN, whatever the parameters, so that all later steps may compare and
// subtract.
float edited(double logit) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  if (logit == -std::numeric_limits<double>::infinity()) return kForbidden;
  return static_cast<float>(std::clamp(logit, -kLargest, kLargest));
}

}  // namespace

void add_bias(const qwq_sampling& sampling, float* logits) {
  for (int32_t i = 0; i < sampling.n_bias; ++i) {
    float& logit = logits[sampling.bias_tokens[i]];
    logit = edited(static_cast<double>(logit) + static_cast<double>(sampling.bias_values[i]));
  }
}

void apply_penalties(const qwq_sampling& sampling, float* logits) {
  const double repetition = sampling.repetition_penalty;
  const double frequency = sampling.frequency_penalty;
  const double presence = sampling.presence_penalty;
  for (int32_t i = 0; i < sampling.n_seen; ++i) {
    float& logit = logits[sampling.seen_tokens[i]];
    double value = logit;
    value = value > 0 ? value / repetition : value * repetition;
    const int32_t count = sampling.seen_counts[i];
    if (count > 0) value -= frequency * count + presence;
    logit = edited(value);
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
