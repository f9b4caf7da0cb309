#pragma once

#include "formats/q4_0.h"
#include "formats/q5_0.h"
#include "formats/q8_0.h"
#include "kernels/cpu/int8/neon_levels.h"

namespace qwq::cpu {

// Only d, an f16 at the start of each block.
template <class Format>
QWQ_INLINE NeonScales d_of_blocks(const std::byte* w) {
  NeonScales scales = {};
  f16_of_blocks<Format, 0>(w, scales.d);
  return scales;
}

// Levels of a block whose byte i of sixteen holds levels i and i + 16.
QWQ_INLINE void nibbles_of_block(const std::byte* p, int8x16_t* levels) {
  const uint8x16_t bytes = load_16(p);
  levels[0] = low_nibbles(bytes);
  levels[1] = high_nibbles(bytes);
}

// 16 in byte i if bit i of the sixteen at p is set.
QWQ_INLINE int8x16_t fifth_bits(const std::byte* p) {
  const uint8x16_t mask = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
  const uint8x16_t bytes = vcombine_u8(vdup_n_u8(load<uint8_t>(p)), vdup_n_u8(load<uint8_t>(p + 1)));
  return vreinterpretq_s8_u8(vandq_u8(vtstq_u8(bytes, mask), vdupq_n_u8(16)));
}

template <class Format>
QWQ_INLINE void five_bits_of_block(const std::byte* block, int8x16_t* levels) {
  nibbles_of_block(block + Format::kLevels, levels);
  levels[0] = vorrq_s8(levels[0], fifth_bits(block + Format::kHighBits));
  levels[1] = vorrq_s8(levels[1], fifth_bits(block + Format::kHighBits + 2));
}

template <>
struct NeonLevels<Q8_0> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      levels[i] = vreinterpretq_s8_u8(load_16(w + i / 2 * Q8_0::kBlockBytes + Q8_0::kLevels + i % 2 * 16));
    }
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) { return d_of_blocks<Q8_0>(w); }
};

template <>
struct NeonLevels<Q4_0> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) nibbles_of_block(w + b * Q4_0::kBlockBytes + Q4_0::kLevels, levels + 2 * b);
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) { return d_of_blocks<Q4_0>(w); }
};

template <>
struct NeonLevels<Q5_0> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) five_bits_of_block<Q5_0>(w + b * Q5_0::kBlockBytes, levels + 2 * b);
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) { return d_of_blocks<Q5_0>(w); }
};

}  // namespace qwq::cpu
