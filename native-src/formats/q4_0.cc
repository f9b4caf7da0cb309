#include "formats/q4_0.h"

#include "formats/search.h"

namespace qwq {

void Q4_0::encode(const float* src, std::byte* block) {
  alignas(16) float x[32];
  copy_clamped<32>(src, x);
  const uint16_t d = saturate_to_f16(search_scale<32>(x, 8));
  const float step = f16_to_f32(d);
  uint8_t levels[32];
  assign_levels<32>(x, 0.0f, step != 0.0f ? 1.0f / step : 0.0f, -8, 7, levels);
  store(block, d);
  for (int i = 0; i < 16; ++i) {
    store(block + kLevels + i, static_cast<uint8_t>(levels[i] | (levels[i + 16] << 4)));
  }
}

}  // namespace qwq
