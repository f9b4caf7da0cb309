#pragma once

#include "kernels/cpu/int8/generic.h"
#include "kernels/cpu/vec_neon.h"

namespace qwq::cpu {

// The numbers of GroupScales; lane i of [..][j] belongs to block 4 j + i. Members a format has no use for
// stay unset.
struct NeonScales {
  float32x4_t d[2];
  float32x4_t m[2][2];  // if kHalves, m[0] of the first and m[1] of the last 16 of each block
  int32x4_t s[2][2];    // the same
};

// A group of a format taken apart by the plain code of Int8Format.
template <class Format>
struct PlainNeonLevels {
  using Traits = Int8Format<Format>;

  QWQ_INLINE static void levels(const std::byte* group, int8x16_t (&levels)[16]) {
    uint8_t plain[256];
    Traits::levels(group, plain);
    for (int i = 0; i < 16; ++i) levels[i] = vreinterpretq_s8_u8(vld1q_u8(plain + 16 * i));
  }
  QWQ_INLINE static NeonScales scales(const std::byte* group) {
    GroupScales plain;
    Traits::scales(group, &plain);
    NeonScales scales = {};
    for (int j = 0; j < 2; ++j) {
      scales.d[j] = vld1q_f32(plain.d + 4 * j);
      if constexpr (Traits::kHalves) {
        const int32x4x2_t s = vld2q_s32(plain.s + 8 * j);
        scales.s[0][j] = s.val[0];
        scales.s[1][j] = s.val[1];
      }
      if constexpr (Traits::kHalves && Traits::kMinimum) {
        const float32x4x2_t m = vld2q_f32(plain.m + 8 * j);
        scales.m[0][j] = m.val[0];
        scales.m[1][j] = m.val[1];
      } else if constexpr (Traits::kMinimum) {
        scales.m[0][j] = vld1q_f32(plain.m + 4 * j);
      }
    }
    return scales;
  }
};

// How NEON takes a group of a format apart; without a specialisation by plain code.
//
//   static void levels(const std::byte* group, int8x16_t (&levels)[16]);
//     levels[2b] = the first, levels[2b + 1] = the last 16 of block b, kOffset not yet taken off
//   static NeonScales scales(const std::byte* group);
template <class Format>
struct NeonLevels : PlainNeonLevels<Format> {};

QWQ_INLINE uint8x16_t load_16(const std::byte* p) { return vld1q_u8(reinterpret_cast<const uint8_t*>(p)); }
QWQ_INLINE int8x16_t low_nibbles(uint8x16_t v) { return vreinterpretq_s8_u8(vandq_u8(v, vdupq_n_u8(15))); }
QWQ_INLINE int8x16_t high_nibbles(uint8x16_t v) { return vreinterpretq_s8_u8(vshrq_n_u8(v, 4)); }

QWQ_INLINE float32x4_t set1_f16(const std::byte* p) { return Neon::widen_f16(vdup_n_u16(load<uint16_t>(p))); }

// The f16 numbers at `offset` of eight consecutive blocks.
template <class Format, int offset>
QWQ_INLINE void f16_of_blocks(const std::byte* group, float32x4_t (&out)[2]) {
  uint16_t halves[8];
#pragma GCC unroll 8
  for (int b = 0; b < 8; ++b) halves[b] = load<uint16_t>(group + b * Format::kBlockBytes + offset);
  out[0] = Neon::widen_f16(vld1_u16(halves));
  out[1] = Neon::widen_f16(vld1_u16(halves + 4));
}

// Eight bytes in 32-bit lanes.
QWQ_INLINE void widen_unsigned(uint8x8_t bytes, uint32x4_t (&out)[2]) {
  const uint16x8_t words = vmovl_u8(bytes);
  out[0] = vmovl_u16(vget_low_u16(words));
  out[1] = vmovl_high_u16(words);
}
QWQ_INLINE void widen_signed(int8x8_t bytes, int32x4_t (&out)[2]) {
  const int16x8_t words = vmovl_s8(bytes);
  out[0] = vmovl_s16(vget_low_s16(words));
  out[1] = vmovl_high_s16(words);
}

// Sets s from sixteen bytes in the order of the halves.
QWQ_INLINE void scales_of_halves(int8x16_t s, NeonScales* scales) {
  widen_signed(vget_low_s8(vuzp1q_s8(s, s)), scales->s[0]);
  widen_signed(vget_low_s8(vuzp2q_s8(s, s)), scales->s[1]);
}

// d * eight unsigned bytes.
QWQ_INLINE void scaled_bytes(float32x4_t d, uint8x8_t bytes, float32x4_t (&out)[2]) {
  uint32x4_t words[2];
  widen_unsigned(bytes, words);
  for (int j = 0; j < 2; ++j) out[j] = vmulq_f32(d, vcvtq_f32_u32(words[j]));
}

}  // namespace qwq::cpu
