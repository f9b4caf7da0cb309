// Exponentials and log-probabilities over a vocabulary.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace qwq {

// e^x for x <= 0 with a relative error below 2^-22; 0 for x < -87 and -inf. No library call and no branch, so
// that loops over a vocabulary become vector code and give the same bits everywhere.
//
// x = n ln 2 + r, |r| <= ln(2) / 2; e^r by its Taylor series up to r^7 (the rest is below 6e-9); 2^n by its
// exponent bits.
inline float exp_nonpositive(float x) {
  constexpr float kSmallest = -87.0f;  // e^x stays a normal number
  constexpr float kRound = 0x1.8p23f;  // adding and subtracting it rounds to an integer
  constexpr float kLog2E = 0x1.715476p+0f;
  constexpr float kLn2High = 0x1.62e400p-1f;  // ln 2 in two parts: n * high is exact for |n| < 2^9
  constexpr float kLn2Low = 0x1.7f7d1cp-20f;

  const float clamped = x < kSmallest ? kSmallest : x;
  const float shifted = clamped * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (clamped - n * kLn2High) - n * kLn2Low;
  float series = 1.0f / 5040;
  series = series * r + 1.0f / 720;
  series = series * r + 1.0f / 120;
  series = series * r + 1.0f / 24;
  series = series * r + 1.0f / 6;
  series = series * r + 0.5f;
  series = series * r + 1.0f;
  series = series * r + 1.0f;
  // The low bits of `shifted` hold n.
  const uint32_t exponent = (std::bit_cast<uint32_t>(shifted) + 127u) << 23;
  const float power = std::bit_cast<float>(exponent);
  return x < kSmallest ? 0.0f : series * power;
}

// What the log-probability of any token of a row needs: log p(id) = logits[id] - log_sum_exp.
struct LogSoftmax {
  float max_logit;
  double log_sum_exp;  // over the whole row; its error is below 2^-21

  float logprob(float logit) const { return static_cast<float>(static_cast<double>(logit) - log_sum_exp); }
};

// True if no logit is NaN or infinite.
bool all_finite(const float* logits, size_t n);

// The largest of n > 0 numbers, none of which is NaN.
float max_of(const float* values, size_t n);

// Sum of e^(x - shift), taken in double; no x exceeds shift.
double sum_exp(const float* x, size_t n, float shift);

// Expects finite logits, n > 0.
LogSoftmax log_softmax(const float* logits, size_t n);

}  // namespace qwq
