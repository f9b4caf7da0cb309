#include "formats/q4_1.h"

#include "formats/search_affine.h"

namespace qwq {

void Q4_1::encode(const float* src, std::byte* block) {
  alignas(16) float x[32];
  copy_clamped<32>(src, x);
  const AffineScale fit = search_signed_affine_scale<32>(x, 15);
  const uint16_t d = saturate_to_f16(fit.scale);
  const uint16_t m = saturate_to_f16(-fit.minimum);
  const float step = f16_to_f32(d);
  uint8_t levels[32];
  assign_levels<32>(x, -f16_to_f32(m), step > 0.0f ? 1.0f / step : 0.0f, 0, 15, levels);
  store(block, d);
  store(block + kMinimum, m);
  for (int i = 0; i < 16; ++i) {
    store(block + kLevels + i, static_cast<uint8_t>(levels[i] | (levels[i + 16] << 4)));
  }
}

}  // namespace qwq
