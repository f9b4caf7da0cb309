#include "formats/q3_k.h"

#include "formats/super_block.h"

namespace qwq {

void Q3_K::encode(const float* src, std::byte* block) {
  alignas(16) float x[256];
  copy_clamped<256>(src, x);
  float fits[16];
  for (int j = 0; j < 16; ++j) fits[j] = search_scale<16>(x + 16 * j, 4);
  int8_t units[16];
  const uint16_t d = round_scales<16>(fits, 32, units);

  uint8_t levels[256];
  uint8_t packed[12] = {};
  for (int j = 0; j < 16; ++j) {
    const float step = f16_to_f32(d) * static_cast<float>(units[j]);
    assign_levels<16>(x + 16 * j, 0.0f, step != 0.0f ? 1.0f / step : 0.0f, -4, 3, levels + 16 * j);
    const uint32_t s = static_cast<uint32_t>(units[j] + 32);
    packed[j % 8] |= static_cast<uint8_t>((s & 15) << (4 * (j / 8)));
    packed[8 + j % 4] |= static_cast<uint8_t>((s >> 4) << (2 * (j / 4)));
  }

  for (int i = 0; i < 32; ++i) {
    uint32_t high = 0;
    for (int k = 0; k < 8; ++k) high |= static_cast<uint32_t>(levels[32 * k + i] >> 2) << k;
    store(block + kHighBits + i, static_cast<uint8_t>(high));
  }
  for (int half = 0; half < 2; ++half) {
    const uint8_t* q = levels + 128 * half;
    for (int i = 0; i < 32; ++i) {
      const int low = (q[i] & 3) | (q[i + 32] & 3) << 2 | (q[i + 64] & 3) << 4 | (q[i + 96] & 3) << 6;
      store(block + kLevels + 32 * half + i, static_cast<uint8_t>(low));
    }
  }
  for (int i = 0; i < 12; ++i) store(block + kScales + i, packed[i]);
  store(block + kScale, d);
}

}  // namespace qwq
