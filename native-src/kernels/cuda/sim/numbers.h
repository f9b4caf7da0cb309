// Arithmetic as the device does it. Plain + - * / of float and double mean the same on both.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "formats/half.h"

namespace qwq::cuda {

inline float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline float square_root(float x) { return __builtin_sqrtf(x); }
inline double cosine(double x) { return std::cos(x); }
inline double sine(double x) { return std::sin(x); }
inline float half_to_float(uint16_t h) { return f16_to_f32(h); }
inline uint16_t float_to_half(float x) { return f32_to_f16(x); }
// `low` in the low half.
inline uint32_t pack_halves(float low, float high) {
  return float_to_half(low) | static_cast<uint32_t>(float_to_half(high)) << 16;
}
inline float bfloat16_to_float(uint16_t b) { return bf16_to_f32(b); }
inline uint16_t float_to_bfloat16(float x) { return f32_to_bf16(x); }
inline uint32_t pack_bfloat16(float low, float high) {
  return float_to_bfloat16(low) | static_cast<uint32_t>(float_to_bfloat16(high)) << 16;
}
inline uint32_t float_bits(float x) { return std::bit_cast<uint32_t>(x); }
inline float bits_float(uint32_t bits) { return std::bit_cast<float>(bits); }
// To nearest, ties to even.
inline float round_even(float x) { return __builtin_nearbyintf(x); }

inline int count_bits(uint32_t x) { return std::popcount(x); }
// Number of the lowest bit that is set; x is not 0.
inline int lowest_bit(uint32_t x) { return std::countr_zero(x); }

// Four products of signed bytes and their sum, onto `sum`.
inline int32_t dot4(uint32_t a, uint32_t b, int32_t sum) {
  for (int i = 0; i < 32; i += 8) {
    sum +=
        static_cast<int32_t>(static_cast<int8_t>(a >> i)) * static_cast<int32_t>(static_cast<int8_t>(b >> i));
  }
  return sum;
}
// The 32 bits from bit `shift` (0 .. 31) of high:low on.
inline uint32_t funnel_shift(uint32_t low, uint32_t high, unsigned shift) {
  return static_cast<uint32_t>((static_cast<uint64_t>(high) << 32 | low) >> shift);
}
// Byte i of the result is byte s of high:low (0 .. 7), s the nibble i of `selector`.
inline uint32_t permute_bytes(uint32_t low, uint32_t high, uint32_t selector) {
  const uint64_t both = static_cast<uint64_t>(high) << 32 | low;
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    result |= static_cast<uint32_t>(both >> (8 * (selector >> (4 * i) & 7)) & 0xff) << (8 * i);
  }
  return result;
}

}  // namespace qwq::cuda
