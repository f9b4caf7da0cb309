#pragma once

#include "formats/q2_k.h"
#include "formats/q3_k.h"
#include "kernels/cpu/int8/neon_levels.h"

namespace qwq::cpu {

// Bits 2k and 2k + 1 of each byte.
template <int k>
QWQ_INLINE int8x16_t two_bits(uint8x16_t bytes) {
  if constexpr (k == 0)
    return vreinterpretq_s8_u8(vandq_u8(bytes, vdupq_n_u8(3)));
  else if constexpr (k == 3)
    return vreinterpretq_s8_u8(vshrq_n_u8(bytes, 6));
  else
    return vreinterpretq_s8_u8(vandq_u8(vshrq_n_u8(bytes, 2 * k), vdupq_n_u8(3)));
}

// Levels of two bits in the layout that Q2_K and Q3_K share: block 4 h + k in bits 2k, 2k + 1 of 32 bytes.
QWQ_INLINE void two_bits_of_group(const std::byte* p, int8x16_t (&levels)[16]) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const uint8x16_t bytes = load_16(p + 16 * i);
    int8x16_t* target = levels + i / 2 * 8 + i % 2;
    target[0] = two_bits<0>(bytes);
    target[2] = two_bits<1>(bytes);
    target[4] = two_bits<2>(bytes);
    target[6] = two_bits<3>(bytes);
  }
}

template <>
struct NeonLevels<Q2_K> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
    two_bits_of_group(w + Q2_K::kLevels, levels);
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) {
    const uint8x16_t packed = load_16(w + Q2_K::kScales);
    const int8x16_t s = low_nibbles(packed);
    const uint8x16_t m = vshrq_n_u8(packed, 4);
    const float32x4_t minus_dmin = vnegq_f32(set1_f16(w + Q2_K::kMinimum));
    NeonScales scales = {};
    scales.d[0] = scales.d[1] = set1_f16(w + Q2_K::kScale);
    scales_of_halves(s, &scales);
    scaled_bytes(minus_dmin, vget_low_u8(vuzp1q_u8(m, m)), scales.m[0]);
    scaled_bytes(minus_dmin, vget_low_u8(vuzp2q_u8(m, m)), scales.m[1]);
    return scales;
  }
};

template <>
struct NeonLevels<Q3_K> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
    two_bits_of_group(w + Q3_K::kLevels, levels);
#pragma GCC unroll 2
    for (int part = 0; part < 2; ++part) {
      const uint8x16_t high = load_16(w + Q3_K::kHighBits + 16 * part);
#pragma GCC unroll 8
      for (int b = 0; b < 8; ++b) {
        const uint8x16_t bit = vtstq_u8(high, vdupq_n_u8(static_cast<uint8_t>(1 << b)));
        int8x16_t& target = levels[2 * b + part];
        target = vorrq_s8(target, vreinterpretq_s8_u8(vandq_u8(bit, vdupq_n_u8(4))));
      }
    }
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) {
    uint64_t first;
    uint64_t last;
    Q3_K::unpack_scales(w, &first, &last);
    const int8x16_t packed = vreinterpretq_s8_u64(vcombine_u64(vcreate_u64(first), vcreate_u64(last)));
    NeonScales scales = {};
    scales.d[0] = scales.d[1] = set1_f16(w + Q3_K::kScale);
    scales_of_halves(vsubq_s8(packed, vdupq_n_s8(32)), &scales);
    return scales;
  }
};

}  // namespace qwq::cpu
