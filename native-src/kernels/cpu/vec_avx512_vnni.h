#pragma once

#include <immintrin.h>

#include "formats/half.h"

namespace qwq::cpu {

// See Generic for what the members mean.
struct Avx512Vnni {
  static constexpr const char* kName = "avx512_vnni";
  static constexpr int kLanes = 16;
  // 24 accumulators, 4 weights and 1 row fit 32 registers.
  static constexpr int kTileRows = 6;
  static constexpr int kTileFeatures = 4;
  static constexpr int kDecodeTile = 4;
  static constexpr int kDecodeStreams = 4;
  static constexpr int kAttentionQueries = 12;
  static constexpr int kAttentionGroups = 2;
  static constexpr bool kReadsInPlace = true;
  static constexpr int kPairQueries = 12;

  using F = __m512;

  QWQ_INLINE static F zero() { return _mm512_setzero_ps(); }
  QWQ_INLINE static F set1(float v) { return _mm512_set1_ps(v); }
  QWQ_INLINE static F load(const void* p) { return _mm512_loadu_ps(p); }
  QWQ_INLINE static __mmask16 first_lanes(int n) { return static_cast<__mmask16>((1u << n) - 1); }
  QWQ_INLINE static F load_partial(const void* p, int n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
  QWQ_INLINE static void store(float* p, F v) { _mm512_storeu_ps(p, v); }
  QWQ_INLINE static void store_partial(float* p, F v, int n) { _mm512_mask_storeu_ps(p, first_lanes(n), v); }

  QWQ_INLINE static F add(F a, F b) { return _mm512_add_ps(a, b); }
  QWQ_INLINE static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  QWQ_INLINE static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  QWQ_INLINE static F div(F a, F b) { return _mm512_div_ps(a, b); }
  QWQ_INLINE static F min(F a, F b) { return _mm512_min_ps(a, b); }
  QWQ_INLINE static F max(F a, F b) { return _mm512_max_ps(a, b); }
  QWQ_INLINE static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  QWQ_INLINE static F round(F v) {
    return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  QWQ_INLINE static F pow2(F n) {
    const __m512i biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
  }
  QWQ_INLINE static float reduce_add(F v) {
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    sum = _mm_add_ss(sum, _mm_movehdup_ps(sum));
    return _mm_cvtss_f32(sum);
  }
  QWQ_INLINE static float reduce_max(F v) {
    const __m256 half = _mm256_max_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 most = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    most = _mm_max_ss(most, _mm_movehdup_ps(most));
    return _mm_cvtss_f32(most);
  }

  static constexpr bool kAnyUnsignedBytes = true;  // dot_bytes is exact for all u

  // Eight sums of four products of u (unsigned) and s (signed bytes), exact.
  QWQ_INLINE static __m256i dot_bytes(__m256i u, __m256i s) {
    return _mm256_dpbusd_epi32(_mm256_setzero_si256(), u, s);
  }

  // The 16-bit words at p + offset, p + offset + stride, ...: eight, from 8 stride bytes at p.
  template <int stride, int offset>
  QWQ_INLINE static __m128i gather_words(const std::byte* p) {
    static_assert(stride % 2 == 0 && offset % 2 == 0 && 16 <= stride && stride <= 40);
    if constexpr (7 * stride + offset + 2 <= 128) {
      return _mm512_castsi512_si128(permute_words<stride, offset>(p));
    } else {
      // Two loads of 128 bytes, neither beyond the end.
      constexpr int upper = stride >= 32 ? 4 * stride : 8 * stride - 128;
      const __m512i first = permute_words<stride, offset>(p);
      const __m512i last = permute_words<stride, 4 * stride + offset - upper>(p + upper);
      return _mm_unpacklo_epi64(_mm512_castsi512_si128(first), _mm512_castsi512_si128(last));
    }
  }
  template <int stride, int offset>
  QWQ_INLINE static __m512i permute_words(const std::byte* p) {
    constexpr int W = stride / 2;
    constexpr int O = offset / 2;
    // Indices wrap at 64, where only four words are wanted.
    const __m128i order =
        _mm_setr_epi16(O, O + W, O + 2 * W, O + 3 * W, O + 4 * W, O + 5 * W, O + 6 * W, O + 7 * W);
    return _mm512_permutex2var_epi16(_mm512_loadu_si512(p), _mm512_castsi128_si512(order),
                                     _mm512_loadu_si512(p + 64));
  }

  QWQ_INLINE static F widen_bf16(__m256i v) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16));
  }
  QWQ_INLINE static F load_f16(const void* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
  }
  QWQ_INLINE static F load_f16_partial(const void* p, int n) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first_lanes(n), p));
  }
  QWQ_INLINE static F load_int8(const int8_t* p) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
  }
  QWQ_INLINE static void store_int16(int16_t* p, F v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(v)));
  }

  using Pairs = __m512i;
  using Sums = __m512i;
  QWQ_INLINE static Pairs load_pairs(const int16_t* p) { return _mm512_loadu_si512(p); }
  QWQ_INLINE static Pairs load_pairs(const int8_t* p) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  QWQ_INLINE static Pairs set1_pair(const int16_t* p) {
    int32_t pair;
    __builtin_memcpy(&pair, p, sizeof(pair));
    return _mm512_set1_epi32(pair);
  }
  QWQ_INLINE static Sums no_sums() { return _mm512_setzero_si512(); }
  // Written out: of the intrinsic, the compiler (GCC 12) copies and spills sums.
  QWQ_INLINE static Sums add_products(Sums sums, Pairs a, Pairs b) {
    asm("vpdpwssd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b));
    return sums;
  }
  QWQ_INLINE static F to_floats(Sums sums) { return _mm512_cvtepi32_ps(sums); }

  QWQ_INLINE static F load_bf16(const void* p) {
    return widen_bf16(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
  }
  QWQ_INLINE static F load_bf16_partial(const void* p, int n) {
    return widen_bf16(_mm256_maskz_loadu_epi16(first_lanes(n), p));
  }
  QWQ_INLINE static void store_f16(uint16_t* p, F v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }
  QWQ_INLINE static void store_f16_partial(uint16_t* p, F v, int n) {
    _mm256_mask_storeu_epi16(p, first_lanes(n), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }
};

}  // namespace qwq::cpu
