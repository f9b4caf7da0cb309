// Choosing scale and minimum of a quantised block; see search.h.
#pragma once

#include "formats/search.h"

namespace qwq {

// x ~ scale * level - minimum
struct AffineScale {
  float scale;  // >= 0
  float minimum;
};

enum class MinimumSign {
  kNotNegative,  // what a block subtracts is at least 0, as in K-quants
  kAny,
};

// The fit to levels 0 .. n_levels of a block with values from lowest to lowest + range.
template <int N>
AffineScale fit_affine_scale(const float* x, const float* weights, float lowest, float range, int n_levels,
                             MinimumSign sign) {
  Float4 weight_sums = splat4(0.0f);
  Float4 x_sums = splat4(0.0f);
  for (int i = 0; i < N; i += 4) {
    weight_sums += load4(weights + i);
    x_sums += load4(weights + i) * load4(x + i);
  }
  const float sw = sum4(weight_sums);
  const float sx = sum4(x_sums);

  const Float4 highest = splat4(static_cast<float>(n_levels));
  AffineScale best = {range / static_cast<float>(n_levels), -lowest};
  float best_error = INFINITY;
  constexpr int kSteps = 4;
  constexpr float kStep = 0.25f;
  for (int step = -kSteps; step <= kSteps; ++step) {
    const float inverse = (static_cast<float>(n_levels) + kStep * static_cast<float>(step)) / range;
    Float4 level_sums = splat4(0.0f);
    Float4 square_sums = splat4(0.0f);
    Float4 product_sums = splat4(0.0f);
    for (int i = 0; i < N; i += 4) {
      const Float4 v = load4(x + i);
      const Float4 level = min4(round4((v - lowest) * inverse), highest);
      const Float4 weighted = load4(weights + i) * level;
      level_sums += weighted;
      square_sums += weighted * level;
      product_sums += weighted * v;
    }
    const float sl = sum4(level_sums);
    const float sll = sum4(square_sums);
    const float sxl = sum4(product_sums);
    const float determinant = sw * sll - sl * sl;
    if (!(determinant > 0.0f)) continue;
    float scale = (sw * sxl - sx * sl) / determinant;
    float offset = (sll * sx - sl * sxl) / determinant;
    if (offset > 0.0f && sign == MinimumSign::kNotNegative) {
      offset = 0.0f;
      scale = sxl / sll;
    }
    if (!(scale > 0.0f)) continue;
    // sum w (scale * level + offset - x)^2, without the constant sum w x^2
    const float error =
        scale * (scale * sll - 2.0f * sxl) + offset * (offset * sw - 2.0f * sx) + 2.0f * scale * offset * sl;
    if (error < best_error) {
      best_error = error;
      best = {scale, -offset};
    }
  }
  return best;
}

// For levels 0 .. n_levels and a minimum of at least 0.
template <int N>
AffineScale search_affine_scale(const float* x, int n_levels) {
  const Range extremes = find_range<N>(x);
  const float lowest = std::min(0.0f, extremes.lowest);
  const float range = extremes.highest - lowest;
  if (range <= kSmallestQuantizable) return {0.0f, -lowest};
  alignas(16) float weights[N];
  error_weights<N>(x, weights);
  return fit_affine_scale<N>(x, weights, lowest, range, n_levels, MinimumSign::kNotNegative);
}

// The same for a minimum of any sign. The fit is that of x less its lowest value: where the values lie far
// from zero and close together, sums of their squares would cancel.
template <int N>
AffineScale search_signed_affine_scale(const float* x, int n_levels) {
  const Range extremes = find_range<N>(x);
  const float range = extremes.highest - extremes.lowest;
  // Scales below 2^-25 round to an f16 of 0: all elements get one value.
  if (range < static_cast<float>(n_levels) * 0x1p-25f) return {0.0f, -(extremes.lowest + 0.5f * range)};
  alignas(16) float weights[N];
  alignas(16) float shifted[N];
  error_weights<N>(x, weights);
  for (int i = 0; i < N; i += 4) store4(shifted + i, load4(x + i) - extremes.lowest);
  const AffineScale fit = fit_affine_scale<N>(shifted, weights, 0.0f, range, n_levels, MinimumSign::kAny);
  return {fit.scale, fit.minimum - extremes.lowest};
}

}  // namespace qwq
