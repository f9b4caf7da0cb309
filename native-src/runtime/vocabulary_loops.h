// Loops over a vocabulary as vector code, compiled for several instruction sets. All give the same bits:
// weights are whole numbers, nothing is fused, and a largest number does not depend on where one begins.
#pragma once

#include <bit>
#include <cstddef>

#include "kernels/sampling_math.h"

namespace qwq {

// As documented in log_softmax.h.
struct VocabularyLoops {
  bool (*all_finite)(const float* logits, size_t n);
  float (*max_of)(const float* values, size_t n);
  Weight (*sum_weights)(const float* x, size_t n, float shift);
};

const VocabularyLoops& vocabulary_loops_generic();
const VocabularyLoops& vocabulary_loops_avx2();
const VocabularyLoops& vocabulary_loops_avx512_vnni();

// V names the instruction set of the file that asks for them: functions of different files must not be the
// same.
template <class V>
struct VocabularyLoopsOf {
  // Independent lanes, which the compiler turns into vector registers.
  static constexpr size_t kLanes = 8;

  static bool all_finite(const float* logits, size_t n) {
    constexpr uint32_t kExponent = 0x7f800000u;  // all ones in infinities and NaNs only
    uint32_t bad = 0;
    for (size_t i = 0; i < n; ++i) {
      bad |= (std::bit_cast<uint32_t>(logits[i]) & kExponent) == kExponent ? 1u : 0u;
    }
    return bad == 0;
  }

  static float max_of(const float* values, size_t n) {
    float lanes[kLanes];
    for (float& lane : lanes) lane = values[0];
    size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        lanes[lane] = values[i + lane] > lanes[lane] ? values[i + lane] : lanes[lane];
      }
    }
    for (; i < n; ++i) lanes[0] = values[i] > lanes[0] ? values[i] : lanes[0];
    for (size_t half = kLanes / 2; half > 0; half /= 2) {
      for (size_t lane = 0; lane < half; ++lane) {
        lanes[lane] = lanes[lane + half] > lanes[lane] ? lanes[lane + half] : lanes[lane];
      }
    }
    return lanes[0];
  }

  static Weight sum_weights(const float* x, size_t n, float shift) {
    // A double beside this constant keeps 42 bits after the point: adding it rounds to a weight, which the
    // low bits of the sum then hold. Its own bits are taken off in the end.
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

  static constexpr VocabularyLoops kTable = {all_finite, max_of, sum_weights};
};

}  // namespace qwq
