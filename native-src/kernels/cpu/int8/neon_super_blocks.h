#pragma once

#include "formats/q4_k.h"
#include "formats/q5_k.h"
#include "formats/q6_k.h"
#include "kernels/cpu/int8/neon_levels.h"

namespace qwq::cpu {

// Scales and minimums of Q4_K and Q5_K, which begin alike.
QWQ_INLINE NeonScales neon_k_scales(const std::byte* w) {
  uint64_t s;
  uint64_t m;
  Q4_K::unpack_scales(w, &s, &m);
  NeonScales scales = {};
  scaled_bytes(set1_f16(w), vcreate_u8(s), scales.d);
  scaled_bytes(vnegq_f32(set1_f16(w + 2)), vcreate_u8(m), scales.m[0]);
  return scales;
}

template <>
struct NeonLevels<Q4_K> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      const uint8x16_t bytes = load_16(w + Q4_K::kLevels + 16 * i);
      levels[i / 2 * 4 + i % 2] = low_nibbles(bytes);
      levels[i / 2 * 4 + i % 2 + 2] = high_nibbles(bytes);
    }
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) { return neon_k_scales(w); }
};

template <>
struct NeonLevels<Q5_K> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
#pragma GCC unroll 2
    for (int part = 0; part < 2; ++part) {
      const uint8x16_t high = load_16(w + Q5_K::kHighBits + 16 * part);
#pragma GCC unroll 4
      for (int pair = 0; pair < 4; ++pair) {
        const uint8x16_t bytes = load_16(w + Q5_K::kLevels + 32 * pair + 16 * part);
        levels[4 * pair + part] = vorrq_s8(low_nibbles(bytes), sixteen_if(high, 2 * pair));
        levels[4 * pair + 2 + part] = vorrq_s8(high_nibbles(bytes), sixteen_if(high, 2 * pair + 1));
      }
    }
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) { return neon_k_scales(w); }

 private:
  QWQ_INLINE static int8x16_t sixteen_if(uint8x16_t high, int bit) {
    const uint8x16_t set = vtstq_u8(high, vdupq_n_u8(static_cast<uint8_t>(1 << bit)));
    return vreinterpretq_s8_u8(vandq_u8(set, vdupq_n_u8(16)));
  }
};

template <>
struct NeonLevels<Q6_K> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const int half = i / 2;
      const int part = i % 2;  // first or last 16 of the blocks
      const uint8x16_t low0 = load_16(w + 64 * half + 16 * part);
      const uint8x16_t low1 = load_16(w + 64 * half + 32 + 16 * part);
      const uint8x16_t high = load_16(w + Q6_K::kHighBits + 32 * half + 16 * part);
      int8x16_t* target = levels + 8 * half + part;
      target[0] = six_bits(low_nibbles(low0), vshlq_n_u8(high, 4));
      target[2] = six_bits(low_nibbles(low1), vshlq_n_u8(high, 2));
      target[4] = six_bits(high_nibbles(low0), high);
      target[6] = six_bits(high_nibbles(low1), vshrq_n_u8(high, 2));
    }
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) {
    NeonScales scales = {};
    scales.d[0] = scales.d[1] = set1_f16(w + Q6_K::kScale);
    scales_of_halves(vreinterpretq_s8_u8(load_16(w + Q6_K::kScales)), &scales);
    return scales;
  }

 private:
  // A nibble, and bits 4 and 5 of `high`.
  QWQ_INLINE static int8x16_t six_bits(int8x16_t nibble, uint8x16_t high) {
    return vorrq_s8(nibble, vreinterpretq_s8_u8(vandq_u8(high, vdupq_n_u8(0x30))));
  }
};

}  // namespace qwq::cpu
