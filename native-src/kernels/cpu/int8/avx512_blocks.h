// Blocks of 32 with fifth bits or minimums.
#pragma once

#include "formats/q4_1.h"
#include "formats/q5_0.h"
#include "formats/q5_1.h"
#include "kernels/cpu/int8/avx512_levels.h"

namespace qwq::cpu {

// Adds the fifth bits: bits i and 16 + i of the 32 at kHighBits of each block. The words of four blocks are
// the mask of a vector as they lie.
template <class V, class Format>
QWQ_INLINE void add_fifth_bits_512(const std::byte* w, __m512i (&levels)[4]) {
  const __m512i sixteen = _mm512_set1_epi8(16);
  const __m128i first = V::template gather_words<Format::kBlockBytes, Format::kHighBits>(w);
  const __m128i last = V::template gather_words<Format::kBlockBytes, Format::kHighBits + 2>(w);
  const auto add = [&](int i, int64_t mask) {
    levels[i] =
        _mm512_mask_add_epi8(levels[i], _cvtu64_mask64(static_cast<uint64_t>(mask)), levels[i], sixteen);
  };
  add(0, _mm_cvtsi128_si64(first));
  add(1, _mm_cvtsi128_si64(last));
  add(2, _mm_extract_epi64(first, 1));
  add(3, _mm_extract_epi64(last, 1));
}

template <class V, class Format>
QWQ_INLINE Avx512Scales d_and_minimum_of_blocks_512(const std::byte* w) {
  Avx512Scales scales = only_d_512(f16_of_blocks_512<V, Format, 0>(w));
  scales.m[0] = f16_of_blocks_512<V, Format, Format::kMinimum>(w);
  return scales;
}

template <>
struct Avx512Levels<Q4_1> {
  static constexpr bool kUsable = true;
  static constexpr LevelOrder kOrder = LevelOrder::kQuads;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    quads_of_nibbles(w + Q4_1::kLevels, Q4_1::kBlockBytes, levels);
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    return d_and_minimum_of_blocks_512<V, Q4_1>(w);
  }
};

template <>
struct Avx512Levels<Q5_0> {
  static constexpr bool kUsable = true;
  static constexpr LevelOrder kOrder = LevelOrder::kQuads;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    quads_of_nibbles(w + Q5_0::kLevels, Q5_0::kBlockBytes, levels);
    add_fifth_bits_512<V, Q5_0>(w, levels);
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    return only_d_512(f16_of_blocks_512<V, Q5_0, 0>(w));
  }
};

template <>
struct Avx512Levels<Q5_1> {
  static constexpr bool kUsable = true;
  static constexpr LevelOrder kOrder = LevelOrder::kQuads;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    quads_of_nibbles(w + Q5_1::kLevels, Q5_1::kBlockBytes, levels);
    add_fifth_bits_512<V, Q5_1>(w, levels);
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    return d_and_minimum_of_blocks_512<V, Q5_1>(w);
  }
};

}  // namespace qwq::cpu
