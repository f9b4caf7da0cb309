#pragma once

#include "formats/q2_k.h"
#include "formats/q3_k.h"
#include "kernels/cpu/int8/x86_levels.h"

namespace qwq::cpu {

// Levels of two bits in the layout that Q2_K and Q3_K share: block 4 h + k in bits 2k, 2k + 1 of 32 bytes.
QWQ_INLINE void two_bits(const std::byte* p, __m256i (&levels)[8]) {
  const __m256i mask = _mm256_set1_epi8(3);
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    const __m256i bytes = load_32(p + 32 * half);
    levels[4 * half] = _mm256_and_si256(bytes, mask);
    levels[4 * half + 1] = _mm256_and_si256(_mm256_srli_epi16(bytes, 2), mask);
    levels[4 * half + 2] = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask);
    levels[4 * half + 3] = _mm256_and_si256(_mm256_srli_epi16(bytes, 6), mask);
  }
}

template <>
struct X86Levels<Q2_K> {
  static constexpr bool kPaired = false;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
    two_bits(w + Q2_K::kLevels, levels);
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    const __m128i low = _mm_set1_epi8(15);
    const __m128i packed = first_halves_first(load_16(w + Q2_K::kScales));
    const __m128i s = _mm_and_si128(packed, low);
    const __m128i m = _mm_and_si128(_mm_srli_epi16(packed, 4), low);
    const __m256 minus_dmin = _mm256_xor_ps(set1_f16(w + Q2_K::kMinimum), _mm256_set1_ps(-0.0f));
    X86Scales scales = only_d(set1_f16(w + Q2_K::kScale));
    scales.s[0] = _mm256_cvtepu8_epi32(s);
    scales.s[1] = _mm256_cvtepu8_epi32(_mm_unpackhi_epi64(s, s));
    scales.m[0] = _mm256_mul_ps(minus_dmin, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(m)));
    scales.m[1] =
        _mm256_mul_ps(minus_dmin, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_unpackhi_epi64(m, m))));
    return scales;
  }
};

template <>
struct X86Levels<Q3_K> {
  static constexpr bool kPaired = false;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
    two_bits(w + Q3_K::kLevels, levels);
    const __m256i high = load_32(w + Q3_K::kHighBits);
    const __m256i four = _mm256_set1_epi8(4);
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) {
      const __m256i moved = b < 2 ? _mm256_slli_epi16(high, 2 - b) : _mm256_srli_epi16(high, b - 2);
      levels[b] = _mm256_or_si256(levels[b], _mm256_and_si256(moved, four));
    }
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    uint64_t first;
    uint64_t last;
    Q3_K::unpack_scales(w, &first, &last);
    const __m128i packed = _mm_set_epi64x(static_cast<int64_t>(last), static_cast<int64_t>(first));
    const __m128i s = first_halves_first(_mm_sub_epi8(packed, _mm_set1_epi8(32)));
    X86Scales scales = only_d(set1_f16(w + Q3_K::kScale));
    scales.s[0] = _mm256_cvtepi8_epi32(s);
    scales.s[1] = _mm256_cvtepi8_epi32(_mm_unpackhi_epi64(s, s));
    return scales;
  }
};

}  // namespace qwq::cpu
