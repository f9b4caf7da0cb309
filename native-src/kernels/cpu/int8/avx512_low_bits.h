// Q2_K, Q3_K, and the fifth bits of Q5_K.
#pragma once

#include "formats/q2_k.h"
#include "formats/q3_k.h"
#include "formats/q5_k.h"
#include "kernels/cpu/int8/avx512_levels.h"

namespace qwq::cpu {

QWQ_INLINE __m512i broadcast_32(const std::byte* p) {
  return _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}

// The same bytes in all of the lower and in all of the upper 32.
QWQ_INLINE __m512i bytes_of_halves(int lower, int upper) {
  return _mm512_inserti64x4(_mm512_set1_epi8(static_cast<char>(lower)),
                            _mm256_set1_epi8(static_cast<char>(upper)), 1);
}

// Adds `value` to the levels of blocks `lower` and `upper` whose bit in `high` is set: bit b for block b.
QWQ_INLINE __m512i add_high_bits(__m512i levels, __m512i high, int lower, int upper, int value) {
  const __mmask64 set = _mm512_test_epi8_mask(high, bytes_of_halves(1 << lower, 1 << upper));
  return _mm512_mask_add_epi8(levels, set, levels, _mm512_set1_epi8(static_cast<char>(value)));
}

// Two-bit levels of Q2_K and Q3_K, in the order of fours.
QWQ_INLINE void two_bits_512(const std::byte* p, __m512i (&levels)[4]) {
  const __m512i mask = _mm512_set1_epi8(3);
  const __m512i shifts = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 2, 4, 6));
  const __m512i bytes = load_64(p);
  levels[0] = _mm512_and_si512(_mm512_srlv_epi32(_mm512_shuffle_epi32(bytes, _MM_PERM_AAAA), shifts), mask);
  levels[1] = _mm512_and_si512(_mm512_srlv_epi32(_mm512_shuffle_epi32(bytes, _MM_PERM_BBBB), shifts), mask);
  levels[2] = _mm512_and_si512(_mm512_srlv_epi32(_mm512_shuffle_epi32(bytes, _MM_PERM_CCCC), shifts), mask);
  levels[3] = _mm512_and_si512(_mm512_srlv_epi32(_mm512_shuffle_epi32(bytes, _MM_PERM_DDDD), shifts), mask);
}

template <>
struct Avx512Levels<Q2_K> {
  static constexpr bool kUsable = true;
  static constexpr bool kNarrow = true;
  static constexpr LevelOrder kOrder = LevelOrder::kFours;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    two_bits_512(w + Q2_K::kLevels, levels);
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    const __m512i packed = bytes_to_lanes<0>(load_16(w + Q2_K::kScales));
    static_assert(Q2_K::kMinimum == Q2_K::kScale + 2);
    const __m128 d = _mm_cvtph_ps(_mm_loadu_si32(w + Q2_K::kScale));
    const __m512 minus_dmin =
        _mm512_broadcastss_ps(_mm_movehdup_ps(_mm_xor_ps(d, _mm_setr_ps(0.0f, -0.0f, 0.0f, 0.0f))));
    const __m512 m = _mm512_mul_ps(minus_dmin, _mm512_cvtepi32_ps(_mm512_srli_epi32(packed, 4)));
    Avx512Scales scales = only_d_512(_mm256_broadcastss_ps(d));
    scales.s = _mm512_and_si512(packed, _mm512_set1_epi32(15));
    scales.m[0] = _mm512_castps512_ps256(m);
    scales.m[1] = _mm512_extractf32x8_ps(m, 1);
    return scales;
  }
};

template <>
struct Avx512Levels<Q3_K> {
  static constexpr bool kUsable = true;
  static constexpr bool kNarrow = true;
  static constexpr LevelOrder kOrder = LevelOrder::kFours;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    two_bits_512(w + Q3_K::kLevels, levels);
    const __m512i high = broadcast_32(w + Q3_K::kHighBits);
    const __m512i bits = _mm512_inserti64x4(
        _mm512_castsi256_si512(
            _mm256_broadcastsi128_si256(_mm_setr_epi32(0x01010101, 0x02020202, 0x04040404, 0x08080808))),
        _mm256_broadcastsi128_si256(
            _mm_setr_epi32(0x10101010, 0x20202020, 0x40404040, static_cast<int>(0x80808080u))),
        1);
    const auto add_top = [&](__m512i& level, __m512i of_bytes) {
      const __mmask64 set = _mm512_test_epi8_mask(of_bytes, bits);
      level = _mm512_mask_add_epi8(level, set, level, _mm512_set1_epi8(4));
    };
    add_top(levels[0], _mm512_shuffle_epi32(high, _MM_PERM_AAAA));
    add_top(levels[1], _mm512_shuffle_epi32(high, _MM_PERM_BBBB));
    add_top(levels[2], _mm512_shuffle_epi32(high, _MM_PERM_CCCC));
    add_top(levels[3], _mm512_shuffle_epi32(high, _MM_PERM_DDDD));
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    // Two bytes before packed, d behind it.
    static_assert(Q3_K::kScales - 2 + 16 == Q3_K::kBlockBytes && Q3_K::kScale == Q3_K::kScales + 12);
    const __m128i tail = load_16(w + Q3_K::kScales - 2);
    const __m128i pairs =
        _mm_shuffle_epi8(tail, _mm_setr_epi8(2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9));
    const __m128i tops =
        _mm_shuffle_epi8(tail, _mm_setr_epi8(10, 11, 12, 13, 10, 11, 12, 13, 10, 11, 12, 13, 10, 11, 12, 13));
    const __m128i low = _mm_and_si128(_mm_srlv_epi32(pairs, _mm_setr_epi32(0, 0, 4, 4)), _mm_set1_epi8(15));
    // Bits 2k, 2k + 1 to bits 4, 5.
    const __m128i top = _mm_and_si128(_mm_rolv_epi32(tops, _mm_setr_epi32(4, 2, 0, 30)), _mm_set1_epi8(0x30));
    const __m128i s = _mm_sub_epi8(_mm_or_si128(low, top), _mm_set1_epi8(32));
    Avx512Scales scales = only_d_512(set1_f16(w + Q3_K::kScale));
    scales.s = _mm512_srai_epi16(bytes_to_lanes<1>(s), 8);
    return scales;
  }
};

template <>
struct Avx512Levels<Q5_K> {
  static constexpr bool kUsable = true;
  static constexpr LevelOrder kOrder = LevelOrder::kEvens;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    evens_of_nibbles(w + Q5_K::kLevels, levels);
    const __m512i high = broadcast_32(w + Q5_K::kHighBits);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const int block = 4 * (i / 2) + i % 2;
      levels[i] = add_high_bits(levels[i], high, block, block + 2, 16);
    }
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    return packed_scales(w);
  }
};

}  // namespace qwq::cpu
