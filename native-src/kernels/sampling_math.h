// The arithmetic of sampling, shared by the host (runtime/sampling.h) and by CUDA kernels
// (kernels/cuda/sampling.h): the same draws everywhere, to the bit.
//
// A probability is a whole number: weight = e^score in units of 2^-42, to nearest, where score <= 0 is
// relative to the likeliest candidate. Whole numbers add up to the same sum in any order, so that shares of a
// sum (the draw, top-p) do not depend on how many lanes, threads or blocks took part in it. What is less than
// 2^-43 as likely as the likeliest weighs nothing; of 2^18 tokens, all such together are less than 2^-25.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace qwq {

// e^x for x <= 0 with a relative error below 2^-22; 0 for x < -87 and -inf. No library call and no branch, so
// that loops over a vocabulary become vector code and give the same bits everywhere.
//
// x = n ln 2 + r, |r| <= ln(2) / 2; e^r by its Taylor series up to r^7 (the rest is below 6e-9); 2^n by its
// exponent bits.
constexpr float exp_nonpositive(float x) {
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

// ---------------------------------------------------------------- weights

// Weights and their sums.
using Weight = uint64_t;
inline constexpr int kWeightBits = 42;
inline constexpr double kWeightUnit = 0x1p-42;
// The most candidates whose sum of weights fits.
inline constexpr int64_t kMostTokens = (int64_t{1} << (64 - kWeightBits)) - 1;

// x * 2^42 to the nearest integer, ties to even; x in [0, 1 + 2^-20], no subnormal. By shifting, since few
// GPUs convert to 64 bits quickly.
constexpr Weight weight_of(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const uint32_t mantissa = (bits & 0x7fffffu) | 0x800000u;  // x = mantissa * 2^(exponent - 150)
  const int exponent = static_cast<int>(bits >> 23);
  const int up = exponent - (150 - kWeightBits);
  if (up >= 0) return static_cast<Weight>(mantissa) << up;
  const int down = -up;
  if (down > 24) return 0;  // below a half
  return (mantissa + ((1u << (down - 1)) - 1) + (mantissa >> down & 1u)) >> down;
}

// The weight of a candidate.
constexpr Weight score_weight(float score) { return weight_of(exp_nonpositive(score)); }

// floor(total * fraction / 2^64)
constexpr Weight share_below(Weight total, uint64_t fraction) {
  __extension__ using Product = unsigned __int128;
  return static_cast<Weight>(static_cast<Product>(total) * fraction >> 64);
}

// ceil(total * fraction / 2^64)
constexpr Weight share_above(Weight total, uint64_t fraction) {
  return share_below(total, fraction) + (total * fraction != 0 ? 1 : 0);
}

// p in (0, 1) in units of 2^-64, at least one.
constexpr uint64_t fraction_of_one(float p) {
  const uint64_t fraction = static_cast<uint64_t>(static_cast<double>(p) * 0x1p64);
  return fraction == 0 ? 1 : fraction;
}

// ---------------------------------------------------------------- logarithms

// ln x within 2^-50 of max(1, |ln x|); x > 0, no subnormal. Not the C library's: that of a GPU may differ in
// the last bit. x = m * 2^e with m in [sqrt(1/2), sqrt(2)); ln m by the series of atanh in
// z = (m - 1) / (m + 1), |z| < 0.1716, of which the first term left out is below 3e-19.
constexpr double natural_log(double x) {
  constexpr uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd;
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  const int64_t e = static_cast<int64_t>(bits - kSqrtHalf) >> 52;
  const double m = std::bit_cast<double>(bits - (static_cast<uint64_t>(e) << 52));
  const double z = (m - 1) / (m + 1);
  const double z2 = z * z;
  double series = 2.0 / 21;
  series = series * z2 + 2.0 / 19;
  series = series * z2 + 2.0 / 17;
  series = series * z2 + 2.0 / 15;
  series = series * z2 + 2.0 / 13;
  series = series * z2 + 2.0 / 11;
  series = series * z2 + 2.0 / 9;
  series = series * z2 + 2.0 / 7;
  series = series * z2 + 2.0 / 5;
  series = series * z2 + 2.0 / 3;
  series = series * z2 + 2.0;
  return static_cast<double>(e) * 0x1.62e42fefa39efp-1 + z * series;
}

// ln of the sum of e^logit; `total` sums the weights of logit - max.
constexpr double log_sum_exp(float max, Weight total) {
  return static_cast<double>(max) + natural_log(static_cast<double>(total) * kWeightUnit);
}

constexpr float log_probability(float logit, double log_sum_exp) {
  return static_cast<float>(static_cast<double>(logit) - log_sum_exp);
}

// ---------------------------------------------------------------- scores

// Scores of candidates are at least this.
constexpr float least_score(float min_p) {
  return min_p > 0 ? static_cast<float>(natural_log(static_cast<double>(min_p)))
                   : std::numeric_limits<float>::lowest();
}

// Bits that order as the numbers do, 0 being equal to -0.
constexpr uint32_t ordered_bits(float x) {
  constexpr uint32_t kSign = 0x80000000u;
  const uint32_t bits = std::bit_cast<uint32_t>(x + 0.0f);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}
constexpr float from_ordered_bits(uint32_t ordered) {
  constexpr uint32_t kSign = 0x80000000u;
  return std::bit_cast<float>((ordered & kSign) != 0 ? ordered ^ kSign : ~ordered);
}

// ---------------------------------------------------------------- edits

// An edited logit: never +inf or NaN, whatever the parameters, so that all later steps may compare and
// subtract.
constexpr float edited_logit(double value) {
  constexpr double kLargest = static_cast<double>(std::numeric_limits<float>::max());
  if (value == -std::numeric_limits<double>::infinity()) return -std::numeric_limits<float>::infinity();
  return static_cast<float>(value < -kLargest ? -kLargest : value > kLargest ? kLargest : value);
}

constexpr float biased_logit(float logit, float bias) {
  return edited_logit(static_cast<double>(logit) + static_cast<double>(bias));
}

struct Penalties {
  float repetition;
  float frequency;
  float presence;

  // Nothing changes.
  constexpr bool none() const { return repetition == 1 && frequency == 0 && presence == 0; }
};

// As vLLM: first the repetition penalty over prompt and generated tokens (positive logits are divided, others
// multiplied), then frequency * count + presence * [count > 0] is subtracted, over generated tokens.
constexpr float penalised_logit(float logit, const Penalties& penalties, int32_t count) {
  const double repetition = static_cast<double>(penalties.repetition);
  double value = static_cast<double>(logit);
  value = value > 0 ? value / repetition : value * repetition;
  if (count > 0) {
    value -= static_cast<double>(penalties.frequency) * count + static_cast<double>(penalties.presence);
  }
  return edited_logit(value);
}

}  // namespace qwq
