// The int8 recipe for AVX2 and AVX-512 VNNI, one row of activations in a vector: lane b is block b.
#pragma once

#include "kernels/cpu/int8/generic.h"
#include "kernels/cpu/int8/x86_affine_blocks.h"
#include "kernels/cpu/int8/x86_blocks.h"
#include "kernels/cpu/int8/x86_iq4.h"
#include "kernels/cpu/int8/x86_low_bits.h"
#include "kernels/cpu/int8/x86_super_blocks.h"

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

  template <class Format, int R>
  QWQ_INLINE static void add_group(const std::byte* w, const ActivationGroup* activations, int64_t stride,
                                   Lanes (&acc)[R]) {
    using Traits = Int8Format<Format>;
    __m256i levels[8];
    X86Levels<Format>::levels(w, levels);
    if constexpr (Traits::kSigned && V::kAnyUnsignedBytes) {
#pragma GCC unroll 8
      for (int b = 0; b < 8; ++b) levels[b] = _mm256_xor_si256(levels[b], _mm256_set1_epi8(-128));
    }
    const X86Scales scales = X86Levels<Format>::template scales<V>(w);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) add_row<Format>(levels, scales, activations[r * stride], acc[r]);
  }

 private:
  // What is taken off the levels as dot() sees them.
  template <class Format>
  static constexpr int kShift =
      Int8Format<Format>::kSigned ? (V::kAnyUnsignedBytes ? 128 : 0) : Int8Format<Format>::kOffset;

  template <class Format>
  QWQ_INLINE static __m256i dot(__m256i levels, __m256i q) {
    if constexpr (Int8Format<Format>::kSigned && !V::kAnyUnsignedBytes) {
      // The first operand of dot_bytes is unsigned: the sign of a weight moves to the activation.
      return V::dot_bytes(_mm256_abs_epi8(levels), _mm256_sign_epi8(q, levels));
    } else {
      return V::dot_bytes(levels, q);
    }
  }

  // hadd_epi32 for lanes below `largest`: cheaper where they fit 16 bits.
  template <int largest>
  QWQ_INLINE static __m256i add_pairs(__m256i a, __m256i b) {
    if constexpr (largest < 32768) return _mm256_madd_epi16(_mm256_packs_epi32(a, b), _mm256_set1_epi16(1));
    return _mm256_hadd_epi32(a, b);
  }
  // Four vectors to one: lane i of each 128-bit half is the sum of that half of p[i].
  template <int largest>
  QWQ_INLINE static __m256i add_fours(const __m256i* p) {
    const __m256i a = add_pairs<largest>(p[0], p[1]);
    const __m256i b = add_pairs<largest>(p[2], p[3]);
    return add_pairs<2 * largest>(a, b);
  }

  // Sums of products of the first and of the last 16 elements; lane b is block b.
  template <class Format>
  QWQ_INLINE static void dot_halves(const __m256i (&levels)[8], const ActivationGroup& a, __m256i* first,
                                    __m256i* last) {
    constexpr int kLargest = 4 * 127 * Int8Format<Format>::kLargest;
    __m256i p[8];
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) p[b] = dot<Format>(levels[b], load_q(a.q + 32 * b));
    const __m256i lower = add_fours<kLargest>(p);
    const __m256i upper = add_fours<kLargest>(p + 4);
    *first = _mm256_permute2x128_si256(lower, upper, 0x20);
    *last = _mm256_permute2x128_si256(lower, upper, 0x31);
  }

  // The same of whole blocks.
  template <class Format>
  QWQ_INLINE static __m256i dot_blocks(const __m256i (&levels)[8], const ActivationGroup& a) {
    if constexpr (X86Levels<Format>::kPaired) {
      constexpr int kLargest = 8 * 127 * Int8Format<Format>::kLargest;
      __m256i p[4];
#pragma GCC unroll 4
      for (int pair = 0; pair < 4; ++pair) {
        p[pair] = _mm256_add_epi32(dot<Format>(levels[2 * pair], load_q(a.paired + 64 * pair)),
                                   dot<Format>(levels[2 * pair + 1], load_q(a.paired + 64 * pair + 32)));
      }
      return _mm256_permutevar8x32_epi32(add_fours<kLargest>(p), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    } else {
      __m256i first;
      __m256i last;
      dot_halves<Format>(levels, a, &first, &last);
      return _mm256_add_epi32(first, last);
    }
  }

  QWQ_INLINE static __m256i load_q(const int8_t* q) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q));
  }
  QWQ_INLINE static __m256i half_sums(const ActivationGroup& a, int half) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(a.half_sums[half]));
  }

  template <int n>
  QWQ_INLINE static __m256i times(__m256i v) {
    static_assert((n & (n - 1)) == 0, "offsets are powers of two");
    if constexpr (n == 0) return _mm256_setzero_si256();
    return _mm256_slli_epi32(v, __builtin_ctz(n));
  }

  template <class Format>
  QWQ_INLINE static void add_row(const __m256i (&levels)[8], const X86Scales& scales,
                                 const ActivationGroup& a, Lanes& acc) {
    using Traits = Int8Format<Format>;
    constexpr int kOffset = kShift<Format>;
    __m256i dots;
    if constexpr (Traits::kHalves) {
      __m256i first;
      __m256i last;
      dot_halves<Format>(levels, a, &first, &last);
      first = _mm256_sub_epi32(first, times<kOffset>(half_sums(a, 0)));
      last = _mm256_sub_epi32(last, times<kOffset>(half_sums(a, 1)));
      dots = _mm256_add_epi32(_mm256_mullo_epi32(scales.s[0], first), _mm256_mullo_epi32(scales.s[1], last));
    } else {
      dots = dot_blocks<Format>(levels, a);
      if constexpr (kOffset != 0) {
        dots = _mm256_sub_epi32(dots,
                                times<kOffset>(_mm256_load_si256(reinterpret_cast<const __m256i*>(a.sums))));
      }
    }
    const __m256 scale = _mm256_loadu_ps(a.scale);
    acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots), _mm256_mul_ps(scales.d, scale), acc);
    if constexpr (Traits::kMinimum && Traits::kHalves) {
      for (int half = 0; half < 2; ++half) {
        acc = _mm256_fmadd_ps(scales.m[half], _mm256_loadu_ps(a.scaled_half_sums[half]), acc);
      }
    } else if constexpr (Traits::kMinimum) {
      acc = _mm256_fmadd_ps(scales.m[0], _mm256_loadu_ps(a.scaled_sum), acc);
    }
  }
};

}  // namespace qwq::cpu
