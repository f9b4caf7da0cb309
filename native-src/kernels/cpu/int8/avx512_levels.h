#pragma once

#include <immintrin.h>

#include "formats/q4_0.h"
#include "formats/q4_k.h"
#include "formats/q6_k.h"
#include "formats/q8_0.h"
#include "kernels/cpu/int8/x86_levels.h"

namespace qwq::cpu {

// Which blocks lie where in the four vectors of a group; the arrays of ActivationGroup are in the same
// orders.
enum class LevelOrder {
  kNatural,  // [0 1] [2 3] [4 5] [6 7]
  kEvens,    // [0 2] [1 3] [4 6] [5 7]
  kFours,    // four elements of each half of a block, so that a lane sums a half
  kQuads,    // first 16 elements of [0 1 2 3], last 16, first 16 of [4 5 6 7], last 16
};

struct Avx512Scales {
  __m256 d;
  __m256 m[2];  // if kMinimum: m[0], or, if kHalves, those of first and of last halves
  __m512i s;    // if kHalves: those of first halves, then of last ones; if kNarrow with zeros above 16 bits
};

// How AVX-512 takes a group of a format apart in vectors of 64 levels; formats without a specialisation are
// taken apart as X86Levels does. Levels are unsigned.
//
//   static constexpr LevelOrder kOrder;
//   static constexpr bool kNarrow;      if kHalves: a scale and 16 products fit 16 bits each
//   static void levels<V>(const std::byte* group, __m512i (&levels)[4]);
//   static Avx512Scales scales<V>(const std::byte* group);
template <class Format>
struct Avx512Levels {
  static constexpr bool kUsable = false;
};

QWQ_INLINE Avx512Scales only_d_512(__m256 d) {
  Avx512Scales scales = {};
  scales.d = d;
  return scales;
}

// Sixteen bytes, one for each half of a block, to byte `place` of a lane each, first halves first, with zeros
// around. A shuffle costs less than a widening.
template <int place>
QWQ_INLINE __m512i bytes_to_lanes(__m128i bytes) {
  constexpr auto lane = [](int from) {
    return static_cast<int>((0x80808080u & ~(0xffu << (8 * place))) |
                            (static_cast<uint32_t>(from) << (8 * place)));
  };
  const __m512i order =
      _mm512_setr_epi32(lane(0), lane(2), lane(4), lane(6), lane(8), lane(10), lane(12), lane(14), lane(1),
                        lane(3), lane(5), lane(7), lane(9), lane(11), lane(13), lane(15));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(bytes), order);
}

QWQ_INLINE __m512i load_64(const std::byte* p) { return _mm512_loadu_si512(p); }
QWQ_INLINE __m512i load_two(const std::byte* first, const std::byte* second) {
  const __m256i lower = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first));
  const __m256i upper = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(second));
  return _mm512_inserti64x4(_mm512_castsi256_si512(lower), upper, 1);
}
// Sixteen bytes each of four blocks.
QWQ_INLINE __m512i load_four(const std::byte* p, int stride) {
  const auto load_16 = [&](int i) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i * stride));
  };
  __m512i v = _mm512_castsi128_si512(load_16(0));
  v = _mm512_inserti32x4(v, load_16(1), 1);
  v = _mm512_inserti32x4(v, load_16(2), 2);
  return _mm512_inserti32x4(v, load_16(3), 3);
}

// Levels of eight blocks with sixteen bytes of nibbles each, `stride` apart, in the order of quads.
QWQ_INLINE void quads_of_nibbles(const std::byte* p, int stride, __m512i (&levels)[4]) {
  const __m512i low = _mm512_set1_epi8(15);
#pragma GCC unroll 2
  for (int quad = 0; quad < 2; ++quad) {
    const std::byte* first = p + 4 * quad * stride;
    const __m512i bytes = stride == 16 ? load_64(first) : load_four(first, stride);
    levels[2 * quad] = _mm512_and_si512(bytes, low);
    levels[2 * quad + 1] = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low);
  }
}

// Levels in pairs of blocks of 32 bytes, low nibbles first, in the order of evens.
QWQ_INLINE void evens_of_nibbles(const std::byte* p, __m512i (&levels)[4]) {
  const __m512i low = _mm512_set1_epi8(15);
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    const __m512i bytes = load_64(p + 64 * half);
    levels[2 * half] = _mm512_and_si512(bytes, low);
    levels[2 * half + 1] = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low);
  }
}

template <class V, class Format, int offset>
QWQ_INLINE __m256 f16_of_blocks_512(const std::byte* group) {
  return _mm256_cvtph_ps(V::template gather_words<Format::kBlockBytes, offset>(group));
}

template <>
struct Avx512Levels<Q8_0> {
  static constexpr bool kUsable = true;
  static constexpr LevelOrder kOrder = LevelOrder::kNatural;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
#pragma GCC unroll 4
    for (int pair = 0; pair < 4; ++pair) {
      const std::byte* q = w + 2 * pair * Q8_0::kBlockBytes + Q8_0::kLevels;
      levels[pair] = _mm512_xor_si512(load_two(q, q + Q8_0::kBlockBytes), _mm512_set1_epi8(-128));
    }
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    return only_d_512(f16_of_blocks_512<V, Q8_0, 0>(w));
  }
};

template <>
struct Avx512Levels<Q4_0> {
  static constexpr bool kUsable = true;
  static constexpr LevelOrder kOrder = LevelOrder::kQuads;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    quads_of_nibbles(w + Q4_0::kLevels, Q4_0::kBlockBytes, levels);
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    return only_d_512(f16_of_blocks_512<V, Q4_0, 0>(w));
  }
};

// The scales of Q4_K and of formats that begin like it: d, dmin, packed.
QWQ_INLINE Avx512Scales packed_scales(const std::byte* w) {
  const __m128i header = _mm_loadu_si128(reinterpret_cast<const __m128i*>(w));
  // The words a, c, b, c of packed; in the second and fourth, the top bits come from a and b.
  const __m128i words = _mm_shuffle_epi32(header, _MM_SHUFFLE(3, 2, 3, 1));
  const __m128i tops = _mm_shuffle_epi32(header, _MM_SHUFFLE(2, 2, 1, 1));
  const __m128i low_mask = _mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f);
  const __m128i top_mask = _mm_setr_epi32(0, 0x30303030, 0, 0x30303030);
  const __m128i low = _mm_and_si128(_mm_srlv_epi32(words, _mm_setr_epi32(0, 0, 0, 4)), low_mask);
  const __m128i top = _mm_and_si128(_mm_srli_epi32(tops, 2), top_mask);
  const __m512 both = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_or_si128(low, top)));
  const __m128 d = _mm_xor_ps(_mm_cvtph_ps(header), _mm_setr_ps(0.0f, -0.0f, 0.0f, 0.0f));  // d, -dmin
  const __m512i order = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const __m512 scaled = _mm512_mul_ps(_mm512_permutexvar_ps(order, _mm512_castps128_ps512(d)), both);
  Avx512Scales scales = only_d_512(_mm512_castps512_ps256(scaled));
  scales.m[0] = _mm512_extractf32x8_ps(scaled, 1);
  return scales;
}

template <>
struct Avx512Levels<Q4_K> {
  static constexpr bool kUsable = true;
  static constexpr LevelOrder kOrder = LevelOrder::kEvens;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    evens_of_nibbles(w + Q4_K::kLevels, levels);
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    return packed_scales(w);
  }
};

template <>
struct Avx512Levels<Q6_K> {
  static constexpr bool kUsable = true;
  static constexpr bool kNarrow = false;
  static constexpr LevelOrder kOrder = LevelOrder::kNatural;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    const __m512i nibble = _mm512_set1_epi8(15);
    const __m512i top = _mm512_set1_epi8(0x30);
    const __m512i shifts_left = _mm512_inserti64x4(_mm512_set1_epi16(4), _mm256_set1_epi16(2), 1);
    const __m512i shifts_right = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(2), 1);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const __m512i low = load_64(w + 64 * half);
      const __m512i high = _mm512_broadcast_i64x4(
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + Q6_K::kHighBits + 32 * half)));
      const __m512i first = _mm512_and_si512(_mm512_sllv_epi16(high, shifts_left), top);
      const __m512i last = _mm512_and_si512(_mm512_srlv_epi16(high, shifts_right), top);
      levels[2 * half] = _mm512_or_si512(_mm512_and_si512(low, nibble), first);
      levels[2 * half + 1] = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(low, 4), nibble), last);
    }
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    Avx512Scales scales = only_d_512(set1_f16(w + Q6_K::kScale));
    scales.s = _mm512_cvtepi8_epi32(first_halves_first(load_16(w + Q6_K::kScales)));
    return scales;
  }
};

}  // namespace qwq::cpu
