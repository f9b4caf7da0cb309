#include "runtime/log_softmax.h"

#include <algorithm>
#include <cmath>

namespace qwq {

namespace {

// Independent lanes, which the compiler turns into vector registers; their number fixes the order of sums.
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

double sum_exp(const float* x, size_t n, float shift) {
  constexpr size_t kBlock = 64;
  double lanes[kLanes] = {};
  float terms[kBlock];
  size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    for (size_t j = 0; j < kBlock; ++j) terms[j] = exp_nonpositive(x[i + j] - shift);
    for (size_t j = 0; j < kBlock; j += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += static_cast<double>(terms[j + lane]);
    }
  }
  for (; i < n; ++i) lanes[0] += static_cast<double>(exp_nonpositive(x[i] - shift));
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

LogSoftmax log_softmax(const float* logits, size_t n) {
  LogSoftmax result;
  result.max_logit = max_of(logits, n);
  result.log_sum_exp = static_cast<double>(result.max_logit) + std::log(sum_exp(logits, n, result.max_logit));
  return result;
}

}  // namespace qwq
