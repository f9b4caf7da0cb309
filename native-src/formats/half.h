// 16-bit floats. Scalar, for tables and tails; kernels convert whole vectors with Vec::load_f16.
#pragma once

#include <bit>
#include <cstdint>

// Functions that files compiled for different instruction sets share are always inlined: the linker
// would otherwise keep one copy, perhaps the one this processor cannot run.
#define QWQ_INLINE [[gnu::always_inline]] inline

namespace qwq {

// Exact; NaN stays NaN.
QWQ_INLINE float f16_to_f32(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16;
  const uint32_t exponent = h & 0x7c00;
  const uint32_t mantissa = h & 0x03ff;
  if (exponent == 0) {  // zero or subnormal: units of 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  const uint32_t rebias = exponent == 0x7c00 ? (255 - 31) << 23 : (127 - 15) << 23;
  return std::bit_cast<float>(sign | (((exponent | mantissa) << 13) + rebias));
}

// Rounds to nearest, ties to even; overflows to infinity from 65520 on; NaN becomes quiet and keeps the
// top of its payload: what vcvtps2ph does.
QWQ_INLINE uint16_t f32_to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000;
  const uint32_t magnitude = bits & 0x7fffffff;
  uint32_t half;
  if (magnitude > 0x7f800000) {
    half = 0x7e00 | ((magnitude >> 13) & 0x03ff);
  } else if (magnitude >= 0x477ff000) {
    half = 0x7c00;
  } else if (magnitude < 0x38800000) {
    // Below 2^-14 the result counts units of 2^-24, which is the last bit of floats in [0.5, 1).
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    half = std::bit_cast<uint32_t>(shifted) - 0x3f000000;
  } else {
    const uint32_t tie_to_even = (magnitude >> 13) & 1;
    half = (magnitude - ((127 - 15) << 23) + 0xfff + tie_to_even) >> 13;
  }
  return static_cast<uint16_t>(sign | half);
}

QWQ_INLINE float bf16_to_f32(uint16_t b) { return std::bit_cast<float>(static_cast<uint32_t>(b) << 16); }

// Rounds to nearest, ties to even; NaN becomes quiet.
QWQ_INLINE uint16_t f32_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>((bits >> 16) | 0x0040);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace qwq
