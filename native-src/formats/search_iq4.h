// Choosing the scale of a block whose levels stand for kIq4Values; see search.h.
#pragma once

#include <array>

#include "formats/iq4_values.h"
#include "formats/search.h"

namespace qwq {

// The level of the value nearest to v in [-128, 128) is nearest[floor(2 v) + 256]: the points midway between
// neighbouring values are multiples of a half.
inline constexpr auto kNearestIq4Level = [] {
  std::array<uint8_t, 512> nearest = {};
  for (int i = 0; i < 512; ++i) {
    int level = 0;
    // Midway is (values[level] + values[level + 1]) / 2; v >= (i - 256) / 2.
    while (level < 15 && i - 256 >= kIq4Values[level] + kIq4Values[level + 1]) ++level;
    nearest[static_cast<size_t>(i)] = static_cast<uint8_t>(level);
  }
  return nearest;
}();

// Levels of the values nearest to x * inverse, four elements.
inline void nearest_iq4_levels(Float4 x, float inverse, uint8_t* levels) {
  const Float4 scaled = min4(max4(x * inverse, splat4(-127.0f)), splat4(127.0f));
  const Int4 index = __builtin_convertvector(scaled * 2.0f + 256.0f, Int4);
  for (int lane = 0; lane < 4; ++lane) levels[lane] = kNearestIq4Level[static_cast<size_t>(index[lane])];
}

template <int N>
void assign_iq4_levels(const float* x, float inverse, uint8_t* levels) {
  for (int i = 0; i < N; i += 4) nearest_iq4_levels(load4(x + i), inverse, levels + i);
}

// The scale s with x ~ s * value. The values reach further down than up: both signs of s are tried.
template <int N>
float search_iq4_scale(const float* x) {
  const Range range = find_range<N>(x);
  const float extreme = range.highest > -range.lowest ? range.highest : range.lowest;
  if (std::fabs(extreme) <= kSmallestQuantizable) return 0.0f;
  alignas(16) float weights[N];
  error_weights<N>(x, weights);

  float best_scale = 0.0f;
  float best_gain = -1.0f;
  constexpr int kSteps = 5;
  constexpr float kStep =
      4.0f;  // by which the range is stretched or clipped; neighbours at its ends are 24 apart
  for (const float end : {static_cast<float>(kIq4Values[0]), static_cast<float>(kIq4Values[15])}) {
    for (int step = -kSteps; step <= kSteps; ++step) {
      const float inverse = (end + kStep * static_cast<float>(step)) / extreme;
      Float4 xv = splat4(0.0f);
      Float4 vv = splat4(0.0f);
      for (int i = 0; i < N; i += 4) {
        const Float4 v = load4(x + i);
        uint8_t level[4];
        nearest_iq4_levels(v, inverse, level);
        const Float4 value = {
            static_cast<float>(kIq4Values[level[0]]), static_cast<float>(kIq4Values[level[1]]),
            static_cast<float>(kIq4Values[level[2]]), static_cast<float>(kIq4Values[level[3]])};
        const Float4 weighted = load4(weights + i) * value;
        xv += weighted * v;
        vv += weighted * value;
      }
      // As in search_scale; no value is 0, so neither is the denominator.
      const float numerator = sum4(xv);
      const float denominator = sum4(vv);
      const float gain = numerator * (numerator / denominator);
      if (gain > best_gain) {
        best_gain = gain;
        best_scale = numerator / denominator;
      }
    }
  }
  return best_scale;
}

}  // namespace qwq
