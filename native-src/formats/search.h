// Choosing the scales of a quantised block.
//
// All searches (search_affine.h and search_iq4.h have the others) try a fan of roundings around the one that
// spans the block's range, fit the scale (and minimum) to each set of levels by weighted least squares, and
// keep the fit of least squared error. The weight of an element is rms(block) + |x|: an error in a large
// weight meets the same activations as one in a small weight, but large weights are fewer and are what
// clipping would hurt.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "formats/half.h"
#include "formats/lanes.h"

namespace qwq {

// No format reaches 2^28, and none has a step below 2^-24: clamping and flushing to these keeps every product
// of the search finite and normal.
constexpr float kLargestQuantizable = 0x1p28f;
constexpr float kSmallestQuantizable = 0x1p-25f;

constexpr float kLargestF16 = 65504.0f;

// Nearest f16 that is finite.
inline uint16_t saturate_to_f16(float value) {
  return f32_to_f16(std::clamp(value, -kLargestF16, kLargestF16));
}

template <int N>
void copy_clamped(const float* src, float* dst) {
  const Float4 limit = splat4(kLargestQuantizable);
  for (int i = 0; i < N; i += 4) store4(dst + i, max4(min4(load4(src + i), limit), -limit));
}

struct Range {
  float lowest;
  float highest;
};

template <int N>
Range find_range(const float* x) {
  Float4 lowest = load4(x);
  Float4 highest = lowest;
  for (int i = 4; i < N; i += 4) {
    lowest = min4(lowest, load4(x + i));
    highest = max4(highest, load4(x + i));
  }
  return {std::min(std::min(lowest[0], lowest[1]), std::min(lowest[2], lowest[3])),
          std::max(std::max(highest[0], highest[1]), std::max(highest[2], highest[3]))};
}

template <int N>
void error_weights(const float* x, float* weights) {
  Float4 squares = splat4(0.0f);
  for (int i = 0; i < N; i += 4) squares += load4(x + i) * load4(x + i);
  const Float4 rms = splat4(std::sqrt(sum4(squares) / N));
  for (int i = 0; i < N; i += 4) {
    const Float4 v = load4(x + i);
    store4(weights + i, rms + max4(v, -v));
  }
}

// Writes clamp(round((x[i] + shift) * inverse), lowest, highest) - lowest.
template <int N>
void assign_levels(const float* x, float shift, float inverse, int lowest, int highest, uint8_t* levels) {
  const Float4 low = splat4(static_cast<float>(lowest));
  const Float4 high = splat4(static_cast<float>(highest));
  for (int i = 0; i < N; i += 4) {
    const Float4 scaled = (load4(x + i) + shift) * inverse;
    const Int4 level = __builtin_convertvector(round4(min4(max4(scaled, low), high)), Int4) - lowest;
    for (int lane = 0; lane < 4; ++lane) levels[i + lane] = static_cast<uint8_t>(level[lane]);
  }
}

// The scale s with x ~ s * level, level in [-n_levels, n_levels - 1]. Its sign is chosen so that the element
// of largest magnitude lies on the side that has one level more.
template <int N>
float search_scale(const float* x, int n_levels) {
  alignas(16) float weights[N];
  error_weights<N>(x, weights);
  const Range range = find_range<N>(x);
  const float extreme = range.highest > -range.lowest ? range.highest : range.lowest;
  if (std::fabs(extreme) <= kSmallestQuantizable) return 0.0f;

  const Float4 low = splat4(static_cast<float>(-n_levels));
  const Float4 high = splat4(static_cast<float>(n_levels - 1));
  float best_scale = 0.0f;
  float best_gain = -1.0f;
  constexpr int kSteps = 4;
  constexpr float kStep = 0.2f;  // levels by which the range is stretched or clipped
  for (int step = -kSteps; step <= kSteps; ++step) {
    const float inverse = -(static_cast<float>(n_levels) + kStep * static_cast<float>(step)) / extreme;
    Float4 xl = splat4(0.0f);
    Float4 ll = splat4(0.0f);
    for (int i = 0; i < N; i += 4) {
      const Float4 v = load4(x + i);
      const Float4 level = min4(max4(round4(v * inverse), low), high);
      const Float4 weighted = load4(weights + i) * level;
      xl += weighted * v;
      ll += weighted * level;
    }
    // The squared error of the best scale xl / ll is that of zero less xl^2 / ll.
    const float numerator = sum4(xl);
    const float denominator = sum4(ll);
    const float gain = numerator * (numerator / denominator);
    if (gain > best_gain) {
      best_gain = gain;
      best_scale = numerator / denominator;
    }
  }
  return best_scale;
}

}  // namespace qwq
