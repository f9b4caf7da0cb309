#pragma once

#include "formats/q4_0.h"
#include "formats/q5_0.h"
#include "formats/q8_0.h"
#include "kernels/cpu/int8/x86_levels.h"

namespace qwq::cpu {

template <>
struct X86Levels<Q8_0> {
  static constexpr bool kPaired = false;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) levels[b] = load_32(w + b * Q8_0::kBlockBytes + Q8_0::kLevels);
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    return only_d(f16_of_blocks<V, Q8_0, 0>(w));
  }
};

template <>
struct X86Levels<Q4_0> {
  static constexpr bool kPaired = true;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
    paired_nibbles<Q4_0>(w, Q4_0::kLevels, levels);
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    return only_d(f16_of_blocks<V, Q4_0, 0>(w));
  }
};

// Adds the fifth bits of two consecutive blocks, 32 bits each at p, to their paired levels.
template <class Format>
QWQ_INLINE void add_fifth_bits(const std::byte* p, __m256i* first, __m256i* last) {
  // Byte i of `spread` is the byte that holds bit i; the mask picks the bit.
  const __m256i order = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0404040404040404, 0x0505050505050505);
  const __m256i mask = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
  const uint64_t both = load<uint32_t>(p) | static_cast<uint64_t>(load<uint32_t>(p + Format::kBlockBytes))
                                                << 32;
  const __m256i bits = _mm256_set1_epi64x(static_cast<int64_t>(both));
  const __m256i sixteen = _mm256_set1_epi8(16);
  const __m256i low = _mm256_and_si256(_mm256_shuffle_epi8(bits, order), mask);
  const __m256i high_order = _mm256_add_epi8(order, _mm256_set1_epi8(2));
  const __m256i high = _mm256_and_si256(_mm256_shuffle_epi8(bits, high_order), mask);
  *first = _mm256_or_si256(*first, _mm256_and_si256(_mm256_cmpeq_epi8(low, mask), sixteen));
  *last = _mm256_or_si256(*last, _mm256_and_si256(_mm256_cmpeq_epi8(high, mask), sixteen));
}

template <>
struct X86Levels<Q5_0> {
  static constexpr bool kPaired = true;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
    paired_nibbles<Q5_0>(w, Q5_0::kLevels, levels);
#pragma GCC unroll 4
    for (int pair = 0; pair < 4; ++pair) {
      add_fifth_bits<Q5_0>(w + 2 * pair * Q5_0::kBlockBytes + Q5_0::kHighBits, &levels[2 * pair],
                           &levels[2 * pair + 1]);
    }
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    return only_d(f16_of_blocks<V, Q5_0, 0>(w));
  }
};

}  // namespace qwq::cpu
