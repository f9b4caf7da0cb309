// The int8 recipe for AVX-512 VNNI, one row of activations in vectors of 64 elements.
#pragma once

#include "kernels/cpu/int8/avx512_blocks.h"
#include "kernels/cpu/int8/avx512_iq4.h"
#include "kernels/cpu/int8/avx512_levels.h"
#include "kernels/cpu/int8/avx512_low_bits.h"
#include "kernels/cpu/int8/x86.h"
#include "kernels/cpu/vec_avx512_vnni.h"

namespace qwq::cpu {

template <>
struct Int8<Avx512Vnni> : Int8X86<Avx512Vnni> {
  template <class Format, int R>
  QWQ_INLINE static void add_group(const std::byte* w, const ActivationGroup* activations, int64_t stride,
                                   Lanes (&acc)[R]) {
    using L = Avx512Levels<Format>;
    if constexpr (L::kUsable) {
      __m512i levels[4];
      L::template levels<Avx512Vnni>(w, levels);
      const Avx512Scales scales = L::template scales<Avx512Vnni>(w);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) add_row<Format>(levels, scales, activations[r * stride], acc[r]);
    } else {
      Int8X86<Avx512Vnni>::template add_group<Format, R>(w, activations, stride, acc);
    }
  }

 private:
  template <class Format>
  static constexpr int kShift = Int8Format<Format>::kSigned ? 128 : Int8Format<Format>::kOffset;

  // Of the levels as dot() sees them.
  template <class Format>
  static constexpr int kLargestRaised =
      Int8Format<Format>::kLargest + (Int8Format<Format>::kSigned ? 128 : 0);

  QWQ_INLINE static __m512i dot(__m512i acc, __m512i levels, const int8_t* q) {
    return _mm512_dpbusd_epi32(acc, levels, _mm512_load_si512(q));
  }

  // Sums of neighbours, within 128 bits those of a before those of b, of lanes below `largest`.
  template <int largest>
  QWQ_INLINE static __m512i add_pairs(__m512i a, __m512i b) {
    if constexpr (largest < 32768) return _mm512_madd_epi16(_mm512_packs_epi32(a, b), _mm512_set1_epi16(1));
    const __m512 x = _mm512_castsi512_ps(a);
    const __m512 y = _mm512_castsi512_ps(b);
    return _mm512_add_epi32(_mm512_castps_si512(_mm512_shuffle_ps(x, y, _MM_SHUFFLE(2, 0, 2, 0))),
                            _mm512_castps_si512(_mm512_shuffle_ps(x, y, _MM_SHUFFLE(3, 1, 3, 1))));
  }

  // Lane b: sum over the first half of block b; lane 8 + b: over the last one.
  template <class Format>
  QWQ_INLINE static __m512i dot_halves(const __m512i (&levels)[4], const ActivationGroup& a) {
    constexpr int kLargest = 4 * 127 * kLargestRaised<Format>;
    constexpr LevelOrder kOrder = Avx512Levels<Format>::kOrder;
    if constexpr (kOrder == LevelOrder::kFours) {
      __m512i sums = dot(_mm512_setzero_si512(), levels[0], a.fours);
#pragma GCC unroll 3
      for (int i = 1; i < 4; ++i) sums = dot(sums, levels[i], a.fours + 64 * i);
      return _mm512_shuffle_i32x4(sums, sums, _MM_SHUFFLE(3, 1, 2, 0));
    }
    const int8_t* q = kOrder == LevelOrder::kNatural ? a.q : a.evens;
    __m512i p[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) p[i] = dot(_mm512_setzero_si512(), levels[i], q + 64 * i);
    const __m512i sums =
        add_pairs<2 * kLargest>(add_pairs<kLargest>(p[0], p[1]), add_pairs<kLargest>(p[2], p[3]));
    const __m512i natural = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    const __m512i evens = _mm512_setr_epi32(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    return _mm512_permutexvar_epi32(kOrder == LevelOrder::kNatural ? natural : evens, sums);
  }

  // Lane b: sum over block b.
  template <class Format>
  QWQ_INLINE static __m256i dot_blocks(const __m512i (&levels)[4], const ActivationGroup& a) {
    if constexpr (Avx512Levels<Format>::kOrder == LevelOrder::kQuads) {
      constexpr int kLargest = 8 * 127 * kLargestRaised<Format>;
      const __m512i p0 = dot(dot(_mm512_setzero_si512(), levels[0], a.quads), levels[1], a.quads + 64);
      const __m512i p1 = dot(dot(_mm512_setzero_si512(), levels[2], a.quads + 128), levels[3], a.quads + 192);
      const __m512i twice = add_pairs<kLargest>(p0, p1);
      const __m512i sums = add_pairs<2 * kLargest>(twice, twice);
      const __m256i order = _mm256_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13);
      return _mm512_castsi512_si256(_mm512_permutexvar_epi32(_mm512_castsi256_si512(order), sums));
    } else {
      const __m512i halves = dot_halves<Format>(levels, a);
      return _mm256_add_epi32(_mm512_castsi512_si256(halves), _mm512_extracti64x4_epi64(halves, 1));
    }
  }

  // Sums of the activations in the lanes of dot_halves().
  QWQ_INLINE static __m512i half_sums(const ActivationGroup& a) { return _mm512_load_si512(a.half_sums); }

  template <class Format>
  QWQ_INLINE static void add_row(const __m512i (&levels)[4], const Avx512Scales& scales,
                                 const ActivationGroup& a, Lanes& acc) {
    using Traits = Int8Format<Format>;
    using L = Avx512Levels<Format>;
    constexpr int kOffset = kShift<Format>;
    __m256i dots;
    if constexpr (Traits::kHalves) {
      __m512i halves = dot_halves<Format>(levels, a);
      if constexpr (kOffset != 0) {
        halves = _mm512_sub_epi32(halves, _mm512_slli_epi32(half_sums(a), __builtin_ctz(kOffset)));
      }
      // Where sums of 16 products fit 16 bits; the upper 16 of scales are zero then.
      constexpr bool kNarrow = L::kNarrow;
      constexpr int kMost = std::max(Traits::kOffset, Traits::kLargest - Traits::kOffset);
      static_assert(!kNarrow || 16 * 127 * kMost < 32768);
      halves = kNarrow ? _mm512_madd_epi16(scales.s, halves) : _mm512_mullo_epi32(scales.s, halves);
      dots = _mm256_add_epi32(_mm512_castsi512_si256(halves), _mm512_extracti64x4_epi64(halves, 1));
    } else {
      dots = dot_blocks<Format>(levels, a);
      if constexpr (kOffset != 0) {
        const __m256i sums = _mm256_load_si256(reinterpret_cast<const __m256i*>(a.sums));
        dots = _mm256_sub_epi32(dots, _mm256_slli_epi32(sums, __builtin_ctz(kOffset)));
      }
    }
    const __m256 scale = _mm256_load_ps(a.scale);
    acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots), _mm256_mul_ps(scales.d, scale), acc);
    if constexpr (Traits::kMinimum && Traits::kHalves) {
      acc = _mm256_fmadd_ps(scales.m[0], _mm256_load_ps(a.scaled_half_sums[0]), acc);
      acc = _mm256_fmadd_ps(scales.m[1], _mm256_load_ps(a.scaled_half_sums[1]), acc);
    } else if constexpr (Traits::kMinimum) {
      acc = _mm256_fmadd_ps(scales.m[0], _mm256_load_ps(a.scaled_sum), acc);
    }
  }
};

}  // namespace qwq::cpu
