#include "formats/q6_k.h"

#include "formats/search.h"

namespace qwq {

void Q6_K::encode(const float* src, std::byte* block) {
  alignas(16) float x[256];
  copy_clamped<256>(src, x);

  float fits[16];
  float extreme = 0.0f;
  for (int j = 0; j < 16; ++j) {
    fits[j] = search_scale<16>(x + 16 * j, 32);
    if (std::fabs(fits[j]) > std::fabs(extreme)) extreme = fits[j];
  }
  // The scale of largest magnitude becomes -128, the longer side of int8.
  const uint16_t d = saturate_to_f16(extreme / -128.0f);
  const float unit = f16_to_f32(d);

  uint8_t levels[256];
  for (int j = 0; j < 16; ++j) {
    const float ratio = unit != 0.0f ? std::clamp(std::nearbyint(fits[j] / unit), -128.0f, 127.0f) : 0.0f;
    store(block + kScales + j, static_cast<int8_t>(ratio));
    const float step = unit * ratio;
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
