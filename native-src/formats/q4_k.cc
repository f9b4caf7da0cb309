#include "formats/q4_k.h"

#include "formats/search.h"

namespace qwq {
namespace {

// Nearest of 0 .. 63 to value / step.
uint32_t six_bits(float value, float step) {
  if (!(step > 0.0f)) return 0;
  return static_cast<uint32_t>(std::clamp(value / step + 0.5f, 0.0f, 63.0f));
}

void pack_scales(const uint32_t* scales, const uint32_t* minimums, std::byte* packed) {
  for (int j = 0; j < 4; ++j) {
    store(packed + j, static_cast<uint8_t>(scales[j] | ((scales[j + 4] >> 4) << 6)));
    store(packed + 4 + j, static_cast<uint8_t>(minimums[j] | ((minimums[j + 4] >> 4) << 6)));
    store(packed + 8 + j, static_cast<uint8_t>((scales[j + 4] & 15) | ((minimums[j + 4] & 15) << 4)));
  }
}

}  // namespace

void Q4_K::encode(const float* src, std::byte* block) {
  alignas(16) float x[256];
  copy_clamped<256>(src, x);

  AffineScale fits[8];
  float largest_scale = 0.0f;
  float largest_minimum = 0.0f;
  for (int j = 0; j < 8; ++j) {
    fits[j] = search_affine_scale<32>(x + 32 * j, 15);
    largest_scale = std::max(largest_scale, fits[j].scale);
    largest_minimum = std::max(largest_minimum, fits[j].minimum);
  }
  const uint16_t d = saturate_to_f16(largest_scale / 63.0f);
  const uint16_t dmin = saturate_to_f16(largest_minimum / 63.0f);

  uint32_t scales[8];
  uint32_t minimums[8];
  uint8_t levels[256];
  for (int j = 0; j < 8; ++j) {
    scales[j] = six_bits(fits[j].scale, f16_to_f32(d));
    minimums[j] = six_bits(fits[j].minimum, f16_to_f32(dmin));
    // The levels are chosen for the scales as stored, not as searched.
    const float step = f16_to_f32(d) * static_cast<float>(scales[j]);
    const float minimum = f16_to_f32(dmin) * static_cast<float>(minimums[j]);
    assign_levels<32>(x + 32 * j, minimum, step > 0.0f ? 1.0f / step : 0.0f, 0, 15, levels + 32 * j);
  }

  store(block, d);
  store(block + 2, dmin);
  pack_scales(scales, minimums, block + kScales);
  for (int pair = 0; pair < 4; ++pair) {
    const uint8_t* lower = levels + 64 * pair;
    for (int i = 0; i < 32; ++i) {
      store(block + kLevels + 32 * pair + i, static_cast<uint8_t>(lower[i] | (lower[i + 32] << 4)));
    }
  }
}

}  // namespace qwq
