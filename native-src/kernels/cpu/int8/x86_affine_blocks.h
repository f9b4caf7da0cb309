#pragma once

#include "formats/q4_1.h"
#include "formats/q5_1.h"
#include "kernels/cpu/int8/x86_blocks.h"

namespace qwq::cpu {

template <class V, class Format>
QWQ_INLINE X86Scales d_and_minimum_of_blocks(const std::byte* w) {
  X86Scales scales = only_d(f16_of_blocks<V, Format, 0>(w));
  scales.m[0] = f16_of_blocks<V, Format, Format::kMinimum>(w);
  return scales;
}

template <>
struct X86Levels<Q4_1> {
  static constexpr bool kPaired = true;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
    paired_nibbles<Q4_1>(w, Q4_1::kLevels, levels);
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    return d_and_minimum_of_blocks<V, Q4_1>(w);
  }
};

template <>
struct X86Levels<Q5_1> {
  static constexpr bool kPaired = true;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
    paired_nibbles<Q5_1>(w, Q5_1::kLevels, levels);
#pragma GCC unroll 4
    for (int pair = 0; pair < 4; ++pair) {
      add_fifth_bits<Q5_1>(w + 2 * pair * Q5_1::kBlockBytes + Q5_1::kHighBits, &levels[2 * pair],
                           &levels[2 * pair + 1]);
    }
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    return d_and_minimum_of_blocks<V, Q5_1>(w);
  }
};

}  // namespace qwq::cpu
