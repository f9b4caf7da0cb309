// The int8 recipe for NEON, one row of activations in a vector.
#pragma once

#include "kernels/cpu/int8/neon_affine_blocks.h"
#include "kernels/cpu/int8/neon_blocks.h"
#include "kernels/cpu/int8/neon_iq4.h"
#include "kernels/cpu/int8/neon_low_bits.h"
#include "kernels/cpu/int8/neon_super_blocks.h"

namespace qwq::cpu {

// V: Neon, or NeonDotprod.
template <class V>
struct Int8Neon {
  struct Lanes {
    float32x4_t blocks[2];  // 0 to 3 and 4 to 7
  };

  QWQ_INLINE static Lanes zero() { return {{V::zero(), V::zero()}}; }
  QWQ_INLINE static float sum(const Lanes& v) { return V::reduce_add(V::add(v.blocks[0], v.blocks[1])); }

  template <class Format, int R>
  QWQ_INLINE static void add_group(const std::byte* w, const ActivationGroup* activations, int64_t stride,
                                   Lanes (&acc)[R]) {
    int8x16_t levels[16];
    NeonLevels<Format>::levels(w, levels);
    const NeonScales scales = NeonLevels<Format>::scales(w);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) add_row<Format>(levels, scales, activations[r * stride], acc[r]);
  }

 private:
  // Lane i is the sum of the lanes of p[i].
  QWQ_INLINE static int32x4_t add_lanes(const int32x4_t (&p)[4]) {
    return vpaddq_s32(vpaddq_s32(p[0], p[1]), vpaddq_s32(p[2], p[3]));
  }

  // Sums of products of blocks 4 j to 4 j + 3, the offset taken off.
  template <class Format>
  QWQ_INLINE static int32x4_t dot_blocks(const int8x16_t (&levels)[16], const ActivationGroup& a, int j) {
    int32x4_t p[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const int b = 4 * j + i;
      p[i] = V::template dot_block<Int8Format<Format>::kLargest>(
          levels[2 * b], levels[2 * b + 1], vld1q_s8(a.q + 32 * b), vld1q_s8(a.q + 32 * b + 16));
    }
    const int32x4_t sums = vld1q_s32(a.sums + 4 * j);
    return vmlsq_n_s32(add_lanes(p), sums, Int8Format<Format>::kOffset);
  }

  // The same of the first or the last 16 elements of each.
  template <class Format>
  QWQ_INLINE static int32x4_t dot_halves(const int8x16_t (&levels)[16], const ActivationGroup& a, int half,
                                         int j) {
    int32x4_t p[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const int at = 2 * (4 * j + i) + half;
      p[i] = V::template dot_half<Int8Format<Format>::kLargest>(levels[at], vld1q_s8(a.q + 16 * at));
    }
    return vmlsq_n_s32(add_lanes(p), half_sums(a, half, j), Int8Format<Format>::kOffset);
  }

  QWQ_INLINE static int32x4_t half_sums(const ActivationGroup& a, int half, int j) {
    return vld1q_s32(a.half_sums[half] + 4 * j);
  }

  template <class Format>
  QWQ_INLINE static void add_row(const int8x16_t (&levels)[16], const NeonScales& scales,
                                 const ActivationGroup& a, Lanes& acc) {
    using Traits = Int8Format<Format>;
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      int32x4_t dots;
      if constexpr (Traits::kHalves) {
        dots = vmulq_s32(scales.s[0][j], dot_halves<Format>(levels, a, 0, j));
        dots = vmlaq_s32(dots, scales.s[1][j], dot_halves<Format>(levels, a, 1, j));
      } else {
        dots = dot_blocks<Format>(levels, a, j);
      }
      const float32x4_t scale = vld1q_f32(a.scale + 4 * j);
      float32x4_t& lanes = acc.blocks[j];
      lanes = vfmaq_f32(lanes, vcvtq_f32_s32(dots), vmulq_f32(scales.d[j], scale));
      if constexpr (Traits::kMinimum && Traits::kHalves) {
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) {
          lanes = vfmaq_f32(lanes, scales.m[half][j], vld1q_f32(a.scaled_half_sums[half] + 4 * j));
        }
      } else if constexpr (Traits::kMinimum) {
        lanes = vfmaq_f32(lanes, scales.m[0][j], vld1q_f32(a.scaled_sum + 4 * j));
      }
    }
  }
};

}  // namespace qwq::cpu
