#pragma once

#include "kernels/cpu/int8/neon.h"
#include "kernels/cpu/int8/panel.h"

namespace qwq::cpu {

// V: Neon, or NeonDotprod.
template <class V>
struct Int8PanelNeon {
  static constexpr bool kUsable = true;
  static constexpr bool kTiles = false;
  static constexpr int kRows = 4;
  // 12 sums of integers, 12 of f32, 4 weights and 3 rows fit 32 registers.
  static constexpr int kMaxVectors = 3;
  static constexpr int features_of_tile(int n_vectors) { return n_vectors == 1 ? 8 : 4; }
  static constexpr int kMinRows = 3;
  using I = int32x4_t;

  // The offset is taken off as a panel is taken apart: all levels are signed bytes.
  template <class Format>
  static constexpr int kShift = 0;

  QWQ_INLINE static void begin() {}
  QWQ_INLINE static void end() {}
  QWQ_INLINE static I zero() { return vdupq_n_s32(0); }
  QWQ_INLINE static I set1(int32_t v) { return vdupq_n_s32(v); }
  QWQ_INLINE static I load(const int32_t* p) { return vld1q_s32(p); }
  QWQ_INLINE static I add(I a, I b) { return vaddq_s32(a, b); }
  QWQ_INLINE static I mul(I a, I b) { return vmulq_s32(a, b); }
  template <int n>
  QWQ_INLINE static I times_minus(I v) {
    return vmulq_n_s32(v, -n);
  }
  QWQ_INLINE static float32x4_t to_float(I v) { return vcvtq_f32_s32(v); }

  QWQ_INLINE static void store_transposed(const float32x4_t (&c)[4], float* out, int64_t stride) {
    const float32x4x2_t a = vzipq_f32(c[0], c[2]);
    const float32x4x2_t b = vzipq_f32(c[1], c[3]);
#pragma GCC unroll 2
    for (int pair = 0; pair < 2; ++pair) {
      const float32x4x2_t rows = vzipq_f32(a.val[pair], b.val[pair]);
      vst1q_f32(out + 2 * pair * stride, rows.val[0]);
      vst1q_f32(out + (2 * pair + 1) * stride, rows.val[1]);
    }
  }

  template <class Format>
  QWQ_INLINE static void unpack(const std::byte* group, PanelGroup* panel) {
    using Traits = Int8Format<Format>;
    int8x16_t levels[16];
    NeonLevels<Format>::levels(group, levels);
    const int8x16_t offset = vdupq_n_s8(Traits::kOffset);
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      vst1q_u8(panel->levels + 16 * i, vreinterpretq_u8_s8(vsubq_s8(levels[i], offset)));
    }
    const NeonScales scales = NeonLevels<Format>::scales(group);
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      vst1q_f32(panel->d + 4 * j, scales.d[j]);
      for (int half = 0; half < (Traits::kHalves ? 2 : 1); ++half) {
        if constexpr (Traits::kMinimum) vst1q_f32(panel->m[half] + 4 * j, scales.m[half][j]);
        if constexpr (Traits::kHalves) vst1q_s32(panel->s[half] + 4 * j, scales.s[half][j]);
      }
    }
  }

  template <class Format, int K, int N, int M>
  QWQ_INLINE static void dot(const uint8_t* const (&levels)[N], const int8_t* const (&q)[M],
                             I (&sums)[N][M]) {
    if constexpr (V::kDotsFours) {
#pragma GCC unroll 2
      for (int k = 0; k < K; k += 4) {
        int8x16_t w[N];
#pragma GCC unroll 8
        for (int n = 0; n < N; ++n) w[n] = vreinterpretq_s8_u8(vld1q_u8(levels[n] + 4 * k));
        dot_lane<0, N, M>(w, q, k, sums);
        dot_lane<1, N, M>(w, q, k, sums);
        dot_lane<2, N, M>(w, q, k, sums);
        dot_lane<3, N, M>(w, q, k, sums);
      }
    } else {
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) widening_dot<Format, K, M>(levels[n], q, sums[n]);
    }
  }

 private:
  template <int lane, int N, int M>
  QWQ_INLINE static void dot_lane(const int8x16_t (&w)[N], const int8_t* const (&q)[M], int k,
                                  I (&sums)[N][M]) {
#pragma GCC unroll 4
    for (int m = 0; m < M; ++m) {
      const int8x16_t x = vld1q_s8(q[m] + 16 * (k + lane));
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) sums[n][m] = V::template dot_fours<lane>(sums[n][m], x, w[n]);
    }
  }

  // Products are added up in 16 bits as long as they fit. Feature by feature: accumulators of more would not
  // fit the registers.
  template <class Format, int K, int M>
  QWQ_INLINE static void widening_dot(const uint8_t* levels, const int8_t* const (&q)[M], I (&sums)[M]) {
    using Traits = Int8Format<Format>;
    constexpr int kLargest = Traits::kLargest - Traits::kOffset > Traits::kOffset
                                 ? Traits::kLargest - Traits::kOffset
                                 : Traits::kOffset;
    constexpr int kFit = 32767 / (127 * kLargest);
    constexpr int kSteps = kFit < K ? 1 << (31 - __builtin_clz(kFit)) : K;
    static_assert(kSteps * 127 * kLargest < 32768 && K % kSteps == 0);
#pragma GCC unroll 4
    for (int k0 = 0; k0 < K; k0 += kSteps) {
      int16x8_t low[M];   // rows 0 and 1, four products each
      int16x8_t high[M];  // rows 2 and 3
#pragma GCC unroll 8
      for (int k = k0; k < k0 + kSteps; ++k) {
        int32_t four;
        __builtin_memcpy(&four, levels + 4 * k, sizeof(four));
        const int8x16_t w = vreinterpretq_s8_s32(vdupq_n_s32(four));
#pragma GCC unroll 4
        for (int m = 0; m < M; ++m) {
          const int8x16_t x = vld1q_s8(q[m] + 16 * k);
          if (k == k0) {
            low[m] = vmull_s8(vget_low_s8(w), vget_low_s8(x));
            high[m] = vmull_high_s8(w, x);
          } else {
            low[m] = vmlal_s8(low[m], vget_low_s8(w), vget_low_s8(x));
            high[m] = vmlal_high_s8(high[m], w, x);
          }
        }
      }
#pragma GCC unroll 4
      for (int m = 0; m < M; ++m) {
        sums[m] = vaddq_s32(sums[m], vpaddq_s32(vpaddlq_s16(low[m]), vpaddlq_s16(high[m])));
      }
    }
  }
};

}  // namespace qwq::cpu
