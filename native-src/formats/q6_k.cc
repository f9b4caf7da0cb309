#include "formats/q6_k.h"

#include "formats/super_block.h"

namespace qwq {

void Q6_K::encode(const float* src, std::byte* block) {
  alignas(16) float x[256];
  copy_clamped<256>(src, x);

  float fits[16];
  for (int j = 0; j < 16; ++j) fits[j] = search_scale<16>(x + 16 * j, 32);
  int8_t units[16];
  const uint16_t d = round_scales<16>(fits, 128, units);

  uint8_t levels[256];
  for (int j = 0; j < 16; ++j) {
    store(block + kScales + j, units[j]);
    const float step = f16_to_f32(d) * static_cast<float>(units[j]);
    assign_levels<16>(x + 16 * j, 0.0f, step != 0.0f ? 1.0f / step : 0.0f, -32, 31, levels + 16 * j);
  }

  store(block + kScale, d);
  for (int half = 0; half < 2; ++half) {
    const uint8_t* q = levels + 128 * half;
    for (int i = 0; i < 64; ++i) {
      store(block + 64 * half + i, static_cast<uint8_t>((q[i] & 15) | ((q[i + 64] & 15) << 4)));
    }
    for (int i = 0; i < 32; ++i) {
      const uint32_t high = static_cast<uint32_t>((q[i] >> 4) | ((q[i + 32] >> 4) << 2) |
                                                  ((q[i + 64] >> 4) << 4) | ((q[i + 96] >> 4) << 6));
      store(block + kHighBits + 32 * half + i, static_cast<uint8_t>(high));
    }
  }
}

}  // namespace qwq
