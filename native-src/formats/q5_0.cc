#include "formats/q5_0.h"

#include "formats/search.h"

namespace qwq {

void Q5_0::encode(const float* src, std::byte* block) {
  alignas(16) float x[32];
  copy_clamped<32>(src, x);
  const uint16_t d = saturate_to_f16(search_scale<32>(x, 16));
  const float step = f16_to_f32(d);
  uint8_t levels[32];
  assign_levels<32>(x, 0.0f, step != 0.0f ? 1.0f / step : 0.0f, -16, 15, levels);
  uint32_t high = 0;
  for (int i = 0; i < 32; ++i) high |= static_cast<uint32_t>(levels[i] >> 4) << i;
  store(block, d);
  store(block + kHighBits, high);
  for (int i = 0; i < 16; ++i) {
    store(block + kLevels + i, static_cast<uint8_t>((levels[i] & 15) | ((levels[i + 16] & 15) << 4)));
  }
}

}  // namespace qwq
