#include "formats/iq4_xs.h"

#include "formats/search_iq4.h"
#include "formats/super_block.h"

namespace qwq {

void IQ4_XS::encode(const float* src, std::byte* block) {
  alignas(16) float x[256];
  copy_clamped<256>(src, x);
  float fits[8];
  for (int j = 0; j < 8; ++j) fits[j] = search_iq4_scale<32>(x + 32 * j);
  int8_t units[8];
  const uint16_t d = round_scales<8>(fits, 32, units);

  uint32_t low = 0;
  uint32_t high = 0;
  for (int j = 0; j < 8; ++j) {
    const uint32_t s = static_cast<uint32_t>(units[j] + 32);
    low |= (s & 15) << (4 * j);
    high |= (s >> 4) << (2 * j);
    const float step = f16_to_f32(d) * static_cast<float>(units[j]);
    uint8_t levels[32];
    assign_iq4_levels<32>(x + 32 * j, step != 0.0f ? 1.0f / step : 0.0f, levels);
    for (int i = 0; i < 16; ++i) {
      store(block + kLevels + 16 * j + i, static_cast<uint8_t>(levels[i] | (levels[i + 16] << 4)));
    }
  }
  store(block, d);
  store(block + kScalesHigh, static_cast<uint16_t>(high));
  store(block + kScalesLow, low);
}

}  // namespace qwq
