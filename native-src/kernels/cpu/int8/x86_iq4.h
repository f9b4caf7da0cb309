#pragma once

#include "formats/iq4_nl.h"
#include "formats/iq4_xs.h"
#include "kernels/cpu/int8/x86_levels.h"

namespace qwq::cpu {

QWQ_INLINE __m256i iq4_values(__m256i levels) {
  const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kIq4Values));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), levels);
}

template <>
struct X86Levels<IQ4_NL> {
  static constexpr bool kPaired = true;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
    paired_nibbles<IQ4_NL>(w, IQ4_NL::kLevels, levels);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) levels[i] = iq4_values(levels[i]);
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    return only_d(f16_of_blocks<V, IQ4_NL, 0>(w));
  }
};

template <>
struct X86Levels<IQ4_XS> {
  static constexpr bool kPaired = true;
  QWQ_INLINE static void levels(const std::byte* w, __m256i (&levels)[8]) {
    const __m256i low = _mm256_set1_epi8(15);
#pragma GCC unroll 4
    for (int pair = 0; pair < 4; ++pair) {
      const __m256i bytes = load_32(w + IQ4_XS::kLevels + 32 * pair);
      levels[2 * pair] = iq4_values(_mm256_and_si256(bytes, low));
      levels[2 * pair + 1] = iq4_values(_mm256_and_si256(_mm256_srli_epi16(bytes, 4), low));
    }
  }
  template <class V>
  QWQ_INLINE static X86Scales scales(const std::byte* w) {
    const __m256i low = _mm256_set1_epi32(load<int32_t>(w + IQ4_XS::kScalesLow));
    const __m256i high = _mm256_set1_epi32(load<uint16_t>(w + IQ4_XS::kScalesHigh));
    const __m256i bottom = _mm256_and_si256(
        _mm256_srlv_epi32(low, _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28)), _mm256_set1_epi32(15));
    // The top two bits at their place, 4: high is moved up by 4 and then down by 2b.
    const __m256i top = _mm256_and_si256(
        _mm256_srlv_epi32(_mm256_slli_epi32(high, 4), _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14)),
        _mm256_set1_epi32(0x30));
    const __m256i s = _mm256_sub_epi32(_mm256_or_si256(bottom, top), _mm256_set1_epi32(32));
    return only_d(_mm256_mul_ps(set1_f16(w), _mm256_cvtepi32_ps(s)));
  }
};

}  // namespace qwq::cpu
