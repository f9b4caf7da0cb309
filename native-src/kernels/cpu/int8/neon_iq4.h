#pragma once

#include "formats/iq4_nl.h"
#include "formats/iq4_xs.h"
#include "kernels/cpu/int8/neon_blocks.h"

namespace qwq::cpu {

// Values of a block whose byte i of sixteen holds levels i and i + 16.
QWQ_INLINE void iq4_of_block(const std::byte* p, int8x16_t* levels) {
  const int8x16_t values = vld1q_s8(kIq4Values);
  nibbles_of_block(p, levels);
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) levels[i] = vqtbl1q_s8(values, vreinterpretq_u8_s8(levels[i]));
}

template <>
struct NeonLevels<IQ4_NL> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) iq4_of_block(w + b * IQ4_NL::kBlockBytes + IQ4_NL::kLevels, levels + 2 * b);
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) { return d_of_blocks<IQ4_NL>(w); }
};

template <>
struct NeonLevels<IQ4_XS> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) iq4_of_block(w + IQ4_XS::kLevels + 16 * b, levels + 2 * b);
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) {
    const uint32x4_t low = vdupq_n_u32(load<uint32_t>(w + IQ4_XS::kScalesLow));
    const uint32x4_t high = vdupq_n_u32(load<uint16_t>(w + IQ4_XS::kScalesHigh));
    NeonScales scales = {};
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      // Lane i: bottom from bit 4b of low, top from bit 2b of high to bit 4, where b = 4 j + i.
      const int32x4_t by4 = {-16 * j, -16 * j - 4, -16 * j - 8, -16 * j - 12};
      const int32x4_t by2 = {4 - 8 * j, 2 - 8 * j, -8 * j, -2 - 8 * j};
      const uint32x4_t bottom = vandq_u32(vshlq_u32(low, by4), vdupq_n_u32(15));
      const uint32x4_t top = vandq_u32(vshlq_u32(high, by2), vdupq_n_u32(0x30));
      const int32x4_t s = vsubq_s32(vreinterpretq_s32_u32(vorrq_u32(bottom, top)), vdupq_n_s32(32));
      scales.d[j] = vmulq_f32(set1_f16(w), vcvtq_f32_s32(s));
    }
    return scales;
  }
};

}  // namespace qwq::cpu
