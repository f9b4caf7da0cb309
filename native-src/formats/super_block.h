// Rounding what was found for sub-blocks to what a super-block of 256 elements stores: units of one f16.
#pragma once

#include "formats/search_affine.h"

namespace qwq {

// Scales of either sign, units in [-n_units, n_units - 1]: fits[j] ~ d * units[j]. The scale of largest
// magnitude becomes -n_units, the side that has one unit more. Returns d.
template <int N>
uint16_t round_scales(const float* fits, int n_units, int8_t* units) {
  float extreme = 0.0f;
  for (int j = 0; j < N; ++j) {
    if (std::fabs(fits[j]) > std::fabs(extreme)) extreme = fits[j];
  }
  const float largest = static_cast<float>(n_units);
  const uint16_t d = saturate_to_f16(extreme / -largest);
  const float unit = f16_to_f32(d);
  for (int j = 0; j < N; ++j) {
    const float ratio =
        unit != 0.0f ? std::clamp(std::nearbyint(fits[j] / unit), -largest, largest - 1.0f) : 0.0f;
    units[j] = static_cast<int8_t>(ratio);
  }
  return d;
}

// Nearest of 0 .. n_units to value / unit.
inline uint8_t nearest_unit(float value, float unit, int n_units) {
  if (!(unit > 0.0f)) return 0;
  return static_cast<uint8_t>(std::clamp(value / unit + 0.5f, 0.0f, static_cast<float>(n_units)));
}

// x ~ (d * scale) * level - dmin * minimum, for sub-blocks of N elements.
template <int N>
struct AffineSuperBlock {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[256 / N];
  uint8_t minimums[256 / N];
  uint8_t levels[256];
};

// sum w (x - decoded)^2 with the best levels for a step and a minimum.
template <int N>
float affine_error(const float* x, const float* weights, float step, float minimum, int n_levels) {
  const float inverse = step > 0.0f ? 1.0f / step : 0.0f;
  const Float4 lowest = splat4(0.0f);
  const Float4 highest = splat4(static_cast<float>(n_levels));
  Float4 errors = splat4(0.0f);
  for (int i = 0; i < N; i += 4) {
    const Float4 v = load4(x + i);
    const Float4 level = round4(min4(max4((v + minimum) * inverse, lowest), highest));
    const Float4 error = (level * step - minimum) - v;
    errors += load4(weights + i) * error * error;
  }
  return sum4(errors);
}

// Moves scale and minimum by up to one unit where that lessens the error: each can make up for the rounding
// of the other, which with 15 units is as coarse as that of the levels.
template <int N>
void refine_units(const float* x, float d, float dmin, int n_units, int n_levels, uint8_t* scale,
                  uint8_t* minimum) {
  alignas(16) float weights[N];
  error_weights<N>(x, weights);
  const int s0 = *scale;
  const int m0 = *minimum;
  float best =
      affine_error<N>(x, weights, d * static_cast<float>(s0), dmin * static_cast<float>(m0), n_levels);
  for (int s = std::max(s0 - 1, 0); s <= std::min(s0 + 1, n_units); ++s) {
    for (int m = std::max(m0 - 1, 0); m <= std::min(m0 + 1, n_units); ++m) {
      const float error =
          affine_error<N>(x, weights, d * static_cast<float>(s), dmin * static_cast<float>(m), n_levels);
      if (error < best) {
        best = error;
        *scale = static_cast<uint8_t>(s);
        *minimum = static_cast<uint8_t>(m);
      }
    }
  }
}

// The fit with levels 0 .. n_levels, scales and minimums of 0 .. n_units.
template <int N>
void fit_affine_super_block(const float* x, int n_levels, int n_units, AffineSuperBlock<N>* block) {
  constexpr int kSubBlocks = 256 / N;
  AffineScale fits[kSubBlocks];
  float largest_scale = 0.0f;
  float largest_minimum = 0.0f;
  for (int j = 0; j < kSubBlocks; ++j) {
    fits[j] = search_affine_scale<N>(x + N * j, n_levels);
    largest_scale = std::max(largest_scale, fits[j].scale);
    largest_minimum = std::max(largest_minimum, fits[j].minimum);
  }
  block->d = saturate_to_f16(largest_scale / static_cast<float>(n_units));
  block->dmin = saturate_to_f16(largest_minimum / static_cast<float>(n_units));
  const float d = f16_to_f32(block->d);
  const float dmin = f16_to_f32(block->dmin);
  for (int j = 0; j < kSubBlocks; ++j) {
    block->scales[j] = nearest_unit(fits[j].scale, d, n_units);
    block->minimums[j] = nearest_unit(fits[j].minimum, dmin, n_units);
    refine_units<N>(x + N * j, d, dmin, n_units, n_levels, &block->scales[j], &block->minimums[j]);
    // The levels are chosen for the scales as stored, not as searched.
    const float step = d * static_cast<float>(block->scales[j]);
    const float minimum = dmin * static_cast<float>(block->minimums[j]);
    assign_levels<N>(x + N * j, minimum, step > 0.0f ? 1.0f / step : 0.0f, 0, n_levels,
                     block->levels + N * j);
  }
}

}  // namespace qwq
