#include "runtime/log_softmax.h"

#include <algorithm>
#include <bit>

namespace qwq {

namespace {

// Independent lanes, which the compiler turns into vector registers.
constexpr size_t kLanes = 8;

}  // namespace

bool all_finite(const float* logits, size_t n) {
  constexpr uint32_t kExponent = 0x7f800000u;  // all ones in infinities and NaNs only
  uint32_t bad = 0;
  for (size_t i = 0; i < n; ++i) {
    bad |= (std::bit_cast<uint32_t>(logits[i]) & kExponent) == kExponent ? 1u : 0u;
  }
  return bad == 0;
}

float max_of(const float* values, size_t n) {
  float lanes[kLanes];
  std::fill(lanes, lanes + kLanes, values[0]);
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = values[i + lane] > lanes[lane] ? values[i + lane] : lanes[lane];
    }
  }
  for (; i < n; ++i) lanes[0] = std::max(lanes[0], values[i]);
  return *std::max_element(lanes, lanes + kLanes);
}

Weight sum_weights(const float* x, size_t n, float shift) {
  // A double beside this constant keeps 42 bits after the point: adding it rounds to a weight, which the low
  // bits of the sum then hold. Its own bits are taken off in the end.
  constexpr double kRound = 0x1.8p10;
  constexpr size_t kBlock = 64;
  Weight lanes[kLanes] = {};
  float terms[kBlock];
  size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    for (size_t j = 0; j < kBlock; ++j) terms[j] = exp_nonpositive(x[i + j] - shift);
    for (size_t j = 0; j < kBlock; j += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        lanes[lane] += std::bit_cast<Weight>(static_cast<double>(terms[j + lane]) + kRound);
      }
    }
  }
  Weight sum = 0;
  for (const Weight lane : lanes) sum += lane;
  sum -= i * std::bit_cast<Weight>(kRound);
  for (; i < n; ++i) sum += score_weight(x[i] - shift);
  return sum;
}

LogSoftmax log_softmax(const float* logits, size_t n) {
  const float max = max_of(logits, n);
  return {max, log_sum_exp(max, sum_weights(logits, n, max))};
}

}  // namespace qwq
