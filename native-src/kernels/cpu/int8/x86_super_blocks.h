#pragma once

#include "formats/q4_k.h"
#include "formats/q5_k.h"
#include "formats/q6_k.h"
#include "kernels/cpu/int8/x86_levels.h"

namespace qwq::cpu {

// Scales and minimums of Q4_K and Q5_K, which begin alike.
QWQ_INLINE X86Scales x86_k_scales(const std::byte* w) {
  uint64_t s;
  uint64_t m;
  Q4_K::unpack_scales(w, &s, &m);
  const __m256 minus = _mm256_set1_ps(-0.0f);
  X86Scales scales = only_d(_mm256_mul_ps(set1_f16(w), bytes_to_f32(s)));
  scales.m[0] = _mm256_xor_ps(_mm256_mul_ps(set1_f16(w + 2), bytes_to_f32(m)), minus);
  return scales;
}

template <>
struct X86Levels<Q4_K> {
  static constexpr bool kPaired = false;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
    const __m256i low = _mm256_set1_epi8(15);
#pragma GCC unroll 4
    for (int pair = 0; pair < 4; ++pair) {
      const __m256i bytes = load_32(w + Q4_K::kLevels + 32 * pair);
      levels[2 * pair] = _mm256_and_si256(bytes, low);
      levels[2 * pair + 1] = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low);
    }
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    return x86_k_scales(w);
  }
};

template <>
struct X86Levels<Q5_K> {
  static constexpr bool kPaired = false;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
    const __m256i low = _mm256_set1_epi8(15);
    const __m256i sixteen = _mm256_set1_epi8(16);
    const __m256i high = load_32(w + Q5_K::kHighBits);
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) {
      const __m256i bytes = load_32(w + Q5_K::kLevels + 32 * (b / 2));
      const __m256i nibbles = _mm256_and_si256(b % 2 == 0 ? bytes : _mm256_srli_epi16(bytes, 4), low);
      const __m256i moved = b < 4 ? _mm256_slli_epi16(high, 4 - b) : _mm256_srli_epi16(high, b - 4);
      levels[b] = _mm256_or_si256(nibbles, _mm256_and_si256(moved, sixteen));
    }
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    return x86_k_scales(w);
  }
};

template <>
struct X86Levels<Q6_K> {
  static constexpr bool kPaired = false;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const __m256i low0 = load_32(w + 64 * half);
      const __m256i low1 = load_32(w + 64 * half + 32);
      const __m256i high = load_32(w + Q6_K::kHighBits + 32 * half);
      levels[4 * half] = six_bits(low0, _mm256_slli_epi16(high, 4));
      levels[4 * half + 1] = six_bits(low1, _mm256_slli_epi16(high, 2));
      levels[4 * half + 2] = six_bits(_mm256_srli_epi16(low0, 4), high);
      levels[4 * half + 3] = six_bits(_mm256_srli_epi16(low1, 4), _mm256_srli_epi16(high, 2));
    }
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    const __m128i s = first_halves_first(load_16(w + Q6_K::kScales));
    X86Scales scales = only_d(set1_f16(w + Q6_K::kScale));
    scales.s[0] = _mm256_cvtepi8_epi32(s);
    scales.s[1] = _mm256_cvtepi8_epi32(_mm_unpackhi_epi64(s, s));
    return scales;
  }

 private:
  // Low nibble of `low`, bits 4 and 5 of `high`.
  QWQ_INLINE static __m256i six_bits(__m256i low, __m256i high) {
    return _mm256_or_si256(_mm256_and_si256(low, _mm256_set1_epi8(15)),
                           _mm256_and_si256(high, _mm256_set1_epi8(0x30)));
  }
};

}  // namespace qwq::cpu
