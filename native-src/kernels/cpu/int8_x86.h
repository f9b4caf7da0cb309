// Int8 for AVX2 and AVX-512 VNNI. They differ in V::dot_bytes.
#pragma once

#include <immintrin.h>

#include "kernels/cpu/int8_generic.h"

namespace qwq::cpu {

template <class V>
struct Int8X86 {
  using Lanes = __m256;

  QWQ_INLINE static Lanes zero() { return _mm256_setzero_ps(); }
  QWQ_INLINE static float sum(Lanes v) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
  }

  template <class Format>
  QWQ_INLINE static void add_group(const std::byte* w, const ActivationGroup& a, Lanes& acc) {
    const __m256 scale = _mm256_loadu_ps(a.scale);
    if constexpr (Format::kBlockElements == 32) {
      __m256i p[8];
#pragma GCC unroll 8
      for (int b = 0; b < 8; ++b) p[b] = dot_block(Format{}, w + b * Format::kBlockBytes, load_q(a, b));
      const __m256i dots = subtract_offset(Format{}, join_halves(halves(p), halves(p + 4)), a);
      const __m256 d = block_scales<Format>(w);
      acc = _mm256_add_ps(acc, _mm256_mul_ps(_mm256_mul_ps(d, scale), _mm256_cvtepi32_ps(dots)));
    } else {
      add_super_block(Format{}, w, a, scale, acc);
    }
  }

 private:
  QWQ_INLINE static __m256i load_q(const ActivationGroup& a, int block) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a.q + 32 * block));
  }
  QWQ_INLINE static __m256i load_bytes(const std::byte* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  QWQ_INLINE static __m128i load_half(const std::byte* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  QWQ_INLINE static float f16(const std::byte* p) { return _cvtsh_ss(load<uint16_t>(p)); }

  // p[b] holds eight partial sums of block b, four of each half. Returns the sums of the first halves of
  // blocks 0 .. 3 in the lower, of the second halves in the upper four lanes.
  QWQ_INLINE static __m256i halves(const __m256i* p) {
    return _mm256_hadd_epi32(_mm256_hadd_epi32(p[0], p[1]), _mm256_hadd_epi32(p[2], p[3]));
  }
  // Lane b = first + second half of block b.
  QWQ_INLINE static __m256i join_halves(__m256i blocks0to3, __m256i blocks4to7) {
    return _mm256_add_epi32(_mm256_permute2x128_si256(blocks0to3, blocks4to7, 0x20),
                            _mm256_permute2x128_si256(blocks0to3, blocks4to7, 0x31));
  }
  // Sums of the activations, in the order of halves().
  QWQ_INLINE static __m256i half_sums(const ActivationGroup& a, int four_blocks) {
    const __m128i* sums = reinterpret_cast<const __m128i*>(a.sums + 8 * four_blocks);
    return _mm256_cvtepi16_epi32(_mm_loadu_si128(sums));
  }
  QWQ_INLINE static __m256i block_sums(const ActivationGroup& a) {
    return join_halves(half_sums(a, 0), half_sums(a, 1));
  }

  // d of eight consecutive blocks.
  template <class Format>
  QWQ_INLINE static __m256 block_scales(const std::byte* w) {
    constexpr int N = Format::kBlockBytes;
    return _mm256_cvtph_ps(_mm_setr_epi16(load<int16_t>(w), load<int16_t>(w + N), load<int16_t>(w + 2 * N),
                                          load<int16_t>(w + 3 * N), load<int16_t>(w + 4 * N),
                                          load<int16_t>(w + 5 * N), load<int16_t>(w + 6 * N),
                                          load<int16_t>(w + 7 * N)));
  }

  // Sixteen bytes of two levels each: the low nibbles, then the high ones.
  QWQ_INLINE static __m256i split_nibbles(__m128i bytes) {
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(bytes), _mm_srli_epi16(bytes, 4), 1);
    return _mm256_and_si256(both, _mm256_set1_epi8(15));
  }

  // The first operand of dot_bytes is unsigned: the sign of a weight moves to the activation. |-128| fits.
  QWQ_INLINE static __m256i dot_block(Q8_0, const std::byte* block, __m256i q) {
    const __m256i w = load_bytes(block + Q8_0::kLevels);
    return V::dot_bytes(_mm256_abs_epi8(w), _mm256_sign_epi8(q, w));
  }
  QWQ_INLINE static __m256i subtract_offset(Q8_0, __m256i dots, const ActivationGroup&) { return dots; }

  // Levels stay unsigned; the offset is taken off the sums.
  QWQ_INLINE static __m256i dot_block(Q4_0, const std::byte* block, __m256i q) {
    return V::dot_bytes(split_nibbles(load_half(block + Q4_0::kLevels)), q);
  }
  QWQ_INLINE static __m256i subtract_offset(Q4_0, __m256i dots, const ActivationGroup& a) {
    return _mm256_sub_epi32(dots, _mm256_slli_epi32(block_sums(a), 3));
  }

  QWQ_INLINE static __m256i dot_block(Q5_0, const std::byte* block, __m256i q) {
    // Byte i of `bits` is the byte of high that holds bit i; the mask picks the bit.
    const __m256i high = _mm256_set1_epi32(static_cast<int32_t>(load<uint32_t>(block + Q5_0::kHighBits)));
    const __m256i spread = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i mask = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
    const __m256i bits = _mm256_and_si256(_mm256_shuffle_epi8(high, spread), mask);
    const __m256i fifth = _mm256_and_si256(_mm256_cmpeq_epi8(bits, mask), _mm256_set1_epi8(16));
    return V::dot_bytes(_mm256_or_si256(split_nibbles(load_half(block + Q5_0::kLevels)), fifth), q);
  }
  QWQ_INLINE static __m256i subtract_offset(Q5_0, __m256i dots, const ActivationGroup& a) {
    return _mm256_sub_epi32(dots, _mm256_slli_epi32(block_sums(a), 4));
  }

  QWQ_INLINE static void add_super_block(Q4_K, const std::byte* w, const ActivationGroup& a, __m256 scale,
                                         Lanes& acc) {
    const __m256i low = _mm256_set1_epi8(15);
    __m256i p[8];
#pragma GCC unroll 4
    for (int pair = 0; pair < 4; ++pair) {
      const __m256i bytes = load_bytes(w + Q4_K::kLevels + 32 * pair);
      p[2 * pair] = V::dot_bytes(_mm256_and_si256(bytes, low), load_q(a, 2 * pair));
      p[2 * pair + 1] =
          V::dot_bytes(_mm256_and_si256(_mm256_srli_epi16(bytes, 4), low), load_q(a, 2 * pair + 1));
    }
    uint64_t scales;
    uint64_t minimums;
    Q4_K::unpack_scales(w, &scales, &minimums);
    const __m256i s = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(scales)));
    const __m256i m = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(minimums)));
    const __m256i dots = _mm256_mullo_epi32(s, join_halves(halves(p), halves(p + 4)));
    const __m256i offsets = _mm256_mullo_epi32(m, block_sums(a));
    const __m256 d = _mm256_mul_ps(_mm256_set1_ps(f16(w)), scale);
    const __m256 dmin = _mm256_mul_ps(_mm256_set1_ps(f16(w + 2)), scale);
    const __m256 products = _mm256_mul_ps(d, _mm256_cvtepi32_ps(dots));
    acc = _mm256_add_ps(acc, _mm256_sub_ps(products, _mm256_mul_ps(dmin, _mm256_cvtepi32_ps(offsets))));
  }

  QWQ_INLINE static void add_super_block(Q6_K, const std::byte* w, const ActivationGroup& a, __m256 scale,
                                         Lanes& acc) {
    // Scales in the order of halves(): those of first halves, then of second halves, four blocks at a time.
    const __m128i order = _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
    const __m128i scales = _mm_shuffle_epi8(load_half(w + Q6_K::kScales), order);
    __m256i sums[2];
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const __m256i low0 = load_bytes(w + 64 * half);
      const __m256i low1 = load_bytes(w + 64 * half + 32);
      const __m256i high = load_bytes(w + Q6_K::kHighBits + 32 * half);
      const __m256i p[4] = {
          V::dot_bytes(six_bits(low0, _mm256_slli_epi16(high, 4)), load_q(a, 4 * half)),
          V::dot_bytes(six_bits(low1, _mm256_slli_epi16(high, 2)), load_q(a, 4 * half + 1)),
          V::dot_bytes(six_bits(_mm256_srli_epi16(low0, 4), high), load_q(a, 4 * half + 2)),
          V::dot_bytes(six_bits(_mm256_srli_epi16(low1, 4), _mm256_srli_epi16(high, 2)),
                       load_q(a, 4 * half + 3)),
      };
      const __m256i centred = _mm256_sub_epi32(halves(p), _mm256_slli_epi32(half_sums(a, half), 5));
      const __m256i s = _mm256_cvtepi8_epi32(half == 0 ? scales : _mm_srli_si128(scales, 8));
      sums[half] = _mm256_mullo_epi32(s, centred);
    }
    const __m256 d = _mm256_mul_ps(_mm256_set1_ps(f16(w + Q6_K::kScale)), scale);
    acc = _mm256_add_ps(acc, _mm256_mul_ps(d, _mm256_cvtepi32_ps(join_halves(sums[0], sums[1]))));
  }

  // Low nibble of `low`, bits 4 and 5 of `high`.
  QWQ_INLINE static __m256i six_bits(__m256i low, __m256i high) {
    return _mm256_or_si256(_mm256_and_si256(low, _mm256_set1_epi8(15)),
                           _mm256_and_si256(high, _mm256_set1_epi8(0x30)));
  }
};

}  // namespace qwq::cpu
