// Weights and log-probabilities over a vocabulary.
#pragma once

#include <cstddef>

#include "kernels/sampling_math.h"

namespace qwq {

// What the log-probability of any token of a row needs: log p(id) = logits[id] - log_sum_exp.
struct LogSoftmax {
  float max_logit;
  double log_sum_exp;  // over the whole row; its error is below 2^-21

  float logprob(float logit) const { return log_probability(logit, log_sum_exp); }
};

// True if no logit is NaN or infinite.
bool all_finite(const float* logits, size_t n);

// The largest of n > 0 numbers, none of which is NaN.
float max_of(const float* values, size_t n);

// Sum of score_weight(x - shift); no x exceeds shift.
Weight sum_weights(const float* x, size_t n, float shift);

// Expects finite logits, n > 0.
LogSoftmax log_softmax(const float* logits, size_t n);

}  // namespace qwq
