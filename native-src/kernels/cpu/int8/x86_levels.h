#pragma once

#include <immintrin.h>

#include "kernels/cpu/int8/recipe.h"

namespace qwq::cpu {

// The numbers of GroupScales, lane b for block b. Members a format has no use for stay unset.
struct X86Scales {
  __m256 d;
  __m256 m[2];   // if kHalves, of the first and of the last 16 of each block
  __m256i s[2];  // the same
};

QWQ_INLINE X86Scales only_d(__m256 d) {
  X86Scales scales = {};
  scales.d = d;
  return scales;
}

// How AVX2 takes a group of a format apart:
//
//   static constexpr bool kPaired;                  where levels lie, whichever costs less:
//   static void levels(const std::byte* group, __m256i (&levels)[8]);
//     if !kPaired, block b in levels[b]; otherwise, in 128-bit halves,
//     levels[2p] = the first 16 of blocks 2p and 2p + 1, levels[2p + 1] = the last 16 of both
//   static X86Scales scales<V>(const std::byte* group);
template <class Format>
struct X86Levels;

QWQ_INLINE __m256i load_32(const std::byte* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
QWQ_INLINE __m128i load_16(const std::byte* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
QWQ_INLINE __m256 set1_f16(const std::byte* p) { return _mm256_set1_ps(_cvtsh_ss(load<uint16_t>(p))); }

// Eight unsigned bytes as f32.
QWQ_INLINE __m256 bytes_to_f32(uint64_t bytes) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(bytes))));
}

// Sixteen bytes, one for each half of a block: those of first halves, then of last halves.
QWQ_INLINE __m128i first_halves_first(__m128i v) {
  return _mm_shuffle_epi8(v, _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15));
}

// Sixteen bytes each of two consecutive blocks.
template <class Format>
QWQ_INLINE __m256i load_pair(const std::byte* p) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load_16(p)), load_16(p + Format::kBlockBytes), 1);
}

// Levels in the paired order of blocks whose byte i, counted from `offset`, holds levels i and i + 16.
template <class Format>
QWQ_INLINE void paired_nibbles(const std::byte* w, int offset, __m256i (&levels)[8]) {
  const __m256i low = _mm256_set1_epi8(15);
#pragma GCC unroll 4
  for (int pair = 0; pair < 4; ++pair) {
    const __m256i bytes = load_pair<Format>(w + 2 * pair * Format::kBlockBytes + offset);
    levels[2 * pair] = _mm256_and_si256(bytes, low);
    levels[2 * pair + 1] = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low);
  }
}

// The f16 numbers at `offset` of eight consecutive blocks.
template <class V, class Format, int offset>
QWQ_INLINE __m256 f16_of_blocks(const std::byte* group) {
  return _mm256_cvtph_ps(V::template gather_words<Format::kBlockBytes, offset>(group));
}

}  // namespace qwq::cpu
