#pragma once

#include <immintrin.h>

#include "formats/half.h"

namespace qwq::cpu {

// See Generic for what the members mean.
struct Avx2 {
  static constexpr const char* kName = "avx2";
  static constexpr int kLanes = 8;
  static constexpr int kTileRows = 4;
  static constexpr int kTileFeatures = 3;
  static constexpr int kDecodeTile = 2;
  static constexpr int kDecodeStreams = 4;
  static constexpr int kAttentionQueries = 6;
  static constexpr int kAttentionGroups = 1;
  static constexpr bool kReadsInPlace = true;
  static constexpr int kPairQueries = 6;

  using F = __m256;

  QWQ_INLINE static F zero() { return _mm256_setzero_ps(); }
  QWQ_INLINE static F set1(float v) { return _mm256_set1_ps(v); }
  QWQ_INLINE static F load(const void* p) { return _mm256_loadu_ps(static_cast<const float*>(p)); }
  QWQ_INLINE static __m256i first_lanes(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  QWQ_INLINE static F load_partial(const void* p, int n) {
    return _mm256_maskload_ps(static_cast<const float*>(p), first_lanes(n));
  }
  QWQ_INLINE static void store(float* p, F v) { _mm256_storeu_ps(p, v); }
  QWQ_INLINE static void store_partial(float* p, F v, int n) { _mm256_maskstore_ps(p, first_lanes(n), v); }

  QWQ_INLINE static F add(F a, F b) { return _mm256_add_ps(a, b); }
  QWQ_INLINE static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  QWQ_INLINE static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  QWQ_INLINE static F div(F a, F b) { return _mm256_div_ps(a, b); }
  QWQ_INLINE static F min(F a, F b) { return _mm256_min_ps(a, b); }
  QWQ_INLINE static F max(F a, F b) { return _mm256_max_ps(a, b); }
  QWQ_INLINE static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  QWQ_INLINE static F round(F v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  QWQ_INLINE static F pow2(F n) {
    const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
  }
  QWQ_INLINE static float reduce_add(F v) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    sum = _mm_add_ss(sum, _mm_movehdup_ps(sum));
    return _mm_cvtss_f32(sum);
  }
  QWQ_INLINE static float reduce_max(F v) {
    __m128 most = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    most = _mm_max_ss(most, _mm_movehdup_ps(most));
    return _mm_cvtss_f32(most);
  }

  static constexpr bool kAnyUnsignedBytes = false;  // dot_bytes is exact for u up to 128 only

  // Eight sums of four products of u (unsigned) and s (signed bytes). Exact while |sum of two products| <
  // 2^15: maddubs saturates.
  QWQ_INLINE static __m256i dot_bytes(__m256i u, __m256i s) {
    return _mm256_madd_epi16(_mm256_maddubs_epi16(u, s), _mm256_set1_epi16(1));
  }

  // The 16-bit words at p + offset, p + offset + stride, ...: eight, from 8 stride bytes at p.
  template <int stride, int offset>
  QWQ_INLINE static __m128i gather_words(const std::byte* p) {
    p += offset;
    return _mm_setr_epi16(load_word(p), load_word(p + stride), load_word(p + 2 * stride),
                          load_word(p + 3 * stride), load_word(p + 4 * stride), load_word(p + 5 * stride),
                          load_word(p + 6 * stride), load_word(p + 7 * stride));
  }
  QWQ_INLINE static int16_t load_word(const std::byte* p) {
    int16_t word;
    __builtin_memcpy(&word, p, sizeof(word));
    return word;
  }

  QWQ_INLINE static __m128i load_16bit(const void* p) {
    return _mm_loadu_si128(static_cast<const __m128i*>(p));
  }
  QWQ_INLINE static __m128i load_16bit_partial(const void* p, int n) {
    uint16_t padded[kLanes] = {};
    __builtin_memcpy(padded, p, static_cast<size_t>(n) * sizeof(uint16_t));
    return load_16bit(padded);
  }
  QWQ_INLINE static F widen_bf16(__m128i v) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16));
  }
  QWQ_INLINE static F load_f16(const void* p) { return _mm256_cvtph_ps(load_16bit(p)); }
  QWQ_INLINE static F load_f16_partial(const void* p, int n) {
    return _mm256_cvtph_ps(load_16bit_partial(p, n));
  }
  QWQ_INLINE static F load_int8(const int8_t* p) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
  }
  QWQ_INLINE static void store_int16(int16_t* p, F v) {
    const __m256i nearest = _mm256_cvtps_epi32(v);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                     _mm_packs_epi32(_mm256_castsi256_si128(nearest), _mm256_extracti128_si256(nearest, 1)));
  }

  using Pairs = __m256i;
  using Sums = __m256i;
  QWQ_INLINE static Pairs load_pairs(const int16_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  QWQ_INLINE static Pairs load_pairs(const int8_t* p) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  QWQ_INLINE static Pairs set1_pair(const int16_t* p) {
    int32_t pair;
    __builtin_memcpy(&pair, p, sizeof(pair));
    return _mm256_set1_epi32(pair);
  }
  QWQ_INLINE static Sums no_sums() { return _mm256_setzero_si256(); }
  QWQ_INLINE static Sums add_products(Sums sums, Pairs a, Pairs b) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(a, b));
  }
  QWQ_INLINE static F to_floats(Sums sums) { return _mm256_cvtepi32_ps(sums); }

  QWQ_INLINE static F load_bf16(const void* p) { return widen_bf16(load_16bit(p)); }
  QWQ_INLINE static F load_bf16_partial(const void* p, int n) { return widen_bf16(load_16bit_partial(p, n)); }
  QWQ_INLINE static void store_f16(uint16_t* p, F v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }
  QWQ_INLINE static void store_f16_partial(uint16_t* p, F v, int n) {
    uint16_t padded[kLanes];
    store_f16(padded, v);
    for (int i = 0; i < n; ++i) p[i] = padded[i];
  }
};

}  // namespace qwq::cpu
