#include "formats/iq4_nl.h"

#include "formats/search_iq4.h"

namespace qwq {

void IQ4_NL::encode(const float* src, std::byte* block) {
  alignas(16) float x[32];
  copy_clamped<32>(src, x);
  const uint16_t d = saturate_to_f16(search_iq4_scale<32>(x));
  const float step = f16_to_f32(d);
  uint8_t levels[32];
  assign_iq4_levels<32>(x, step != 0.0f ? 1.0f / step : 0.0f, levels);
  store(block, d);
  for (int i = 0; i < 16; ++i) {
    store(block + kLevels + i, static_cast<uint8_t>(levels[i] | (levels[i + 16] << 4)));
  }
}

}  // namespace qwq
