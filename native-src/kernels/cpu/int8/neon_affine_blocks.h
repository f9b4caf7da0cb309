#pragma once

#include "formats/q4_1.h"
#include "formats/q5_1.h"
#include "kernels/cpu/int8/neon_blocks.h"

namespace qwq::cpu {

template <class Format>
QWQ_INLINE NeonScales d_and_minimum_of_blocks(const std::byte* w) {
  NeonScales scales = d_of_blocks<Format>(w);
  f16_of_blocks<Format, Format::kMinimum>(w, scales.m[0]);
  return scales;
}

template <>
struct NeonLevels<Q4_1> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) nibbles_of_block(w + b * Q4_1::kBlockBytes + Q4_1::kLevels, levels + 2 * b);
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) { return d_and_minimum_of_blocks<Q4_1>(w); }
};

template <>
struct NeonLevels<Q5_1> {
  QWQ_INLINE static void levels(const std::byte* w, int8x16_t (&levels)[16]) {
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) five_bits_of_block<Q5_1>(w + b * Q5_1::kBlockBytes, levels + 2 * b);
  }
  QWQ_INLINE static NeonScales scales(const std::byte* w) { return d_and_minimum_of_blocks<Q5_1>(w); }
};

}  // namespace qwq::cpu
