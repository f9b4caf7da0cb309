#pragma once

#include <arm_neon.h>

#include "formats/half.h"

namespace qwq::cpu {

// What every 64-bit ARM has. See Generic for what the members mean.
struct Neon {
  static constexpr const char* kName = "neon";
  static constexpr int kLanes = 4;
  // 24 accumulators, 4 weights and 1 row fit 32 registers.
  static constexpr int kTileRows = 6;
  static constexpr int kTileFeatures = 4;
  static constexpr int kDecodeTile = 4;
  static constexpr int kDecodeStreams = 4;
  static constexpr int kAttentionQueries = 6;
  static constexpr int kAttentionGroups = 1;
  static constexpr bool kReadsInPlace = true;
  static constexpr int kPairQueries = 3;

  using F = float32x4_t;

  QWQ_INLINE static F zero() { return vdupq_n_f32(0.0f); }
  QWQ_INLINE static F set1(float v) { return vdupq_n_f32(v); }
  QWQ_INLINE static F load(const void* p) { return vreinterpretq_f32_u8(vld1q_u8(bytes(p))); }
  QWQ_INLINE static F load_partial(const void* p, int n) {
    float padded[kLanes] = {};
    __builtin_memcpy(padded, p, static_cast<size_t>(n) * sizeof(float));
    return vld1q_f32(padded);
  }
  QWQ_INLINE static void store(float* p, F v) { vst1q_f32(p, v); }
  QWQ_INLINE static void store_partial(float* p, F v, int n) {
    float all[kLanes];
    vst1q_f32(all, v);
    for (int i = 0; i < n; ++i) p[i] = all[i];
  }

  QWQ_INLINE static F add(F a, F b) { return vaddq_f32(a, b); }
  QWQ_INLINE static F sub(F a, F b) { return vsubq_f32(a, b); }
  QWQ_INLINE static F mul(F a, F b) { return vmulq_f32(a, b); }
  QWQ_INLINE static F div(F a, F b) { return vdivq_f32(a, b); }
  // Not vminq and vmaxq: with a NaN the other variants give b.
  QWQ_INLINE static F min(F a, F b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  QWQ_INLINE static F max(F a, F b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  QWQ_INLINE static F fma(F a, F b, F c) { return vfmaq_f32(c, a, b); }
  QWQ_INLINE static F round(F v) { return vrndnq_f32(v); }
  QWQ_INLINE static F pow2(F n) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23));
  }
  QWQ_INLINE static float reduce_add(F v) {
    const float32x2_t pairs = vadd_f32(vget_low_f32(v), vget_high_f32(v));
    return vget_lane_f32(pairs, 0) + vget_lane_f32(pairs, 1);
  }
  QWQ_INLINE static float reduce_max(F v) {
    const F pairs = max(v, vextq_f32(v, v, 2));
    return vgetq_lane_f32(max(pairs, vextq_f32(pairs, pairs, 1)), 0);
  }

  QWQ_INLINE static uint16x4_t load_16bit(const void* p) { return vreinterpret_u16_u8(vld1_u8(bytes(p))); }
  QWQ_INLINE static uint16x4_t load_16bit_partial(const void* p, int n) {
    uint16_t padded[kLanes] = {};
    __builtin_memcpy(padded, p, static_cast<size_t>(n) * sizeof(uint16_t));
    return vld1_u16(padded);
  }
  QWQ_INLINE static F widen_f16(uint16x4_t v) { return vcvt_f32_f16(vreinterpret_f16_u16(v)); }
  QWQ_INLINE static F widen_bf16(uint16x4_t v) { return vreinterpretq_f32_u32(vshll_n_u16(v, 16)); }
  QWQ_INLINE static F load_f16(const void* p) { return widen_f16(load_16bit(p)); }
  QWQ_INLINE static F load_f16_partial(const void* p, int n) { return widen_f16(load_16bit_partial(p, n)); }
  QWQ_INLINE static F load_int8(const int8_t* p) {
    uint32_t four;
    __builtin_memcpy(&four, p, sizeof(four));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(four)))));
  }
  QWQ_INLINE static void store_int16(int16_t* p, F v) { vst1_s16(p, vqmovn_s32(vcvtnq_s32_f32(v))); }

  using Pairs = int16x8_t;
  // Products of the first and of the last two lanes, each by itself: pairs are added once, at the end.
  struct Sums {
    int32x4_t first;
    int32x4_t last;
  };
  QWQ_INLINE static Pairs load_pairs(const int16_t* p) { return vreinterpretq_s16_u8(vld1q_u8(bytes(p))); }
  QWQ_INLINE static Pairs load_pairs(const int8_t* p) { return vmovl_s8(vld1_s8(p)); }
  QWQ_INLINE static Pairs set1_pair(const int16_t* p) {
    int32_t pair;
    __builtin_memcpy(&pair, p, sizeof(pair));
    return vreinterpretq_s16_s32(vdupq_n_s32(pair));
  }
  QWQ_INLINE static Sums no_sums() { return {vdupq_n_s32(0), vdupq_n_s32(0)}; }
  QWQ_INLINE static Sums add_products(Sums sums, Pairs a, Pairs b) {
    return {vmlal_s16(sums.first, vget_low_s16(a), vget_low_s16(b)), vmlal_high_s16(sums.last, a, b)};
  }
  QWQ_INLINE static F to_floats(Sums sums) { return vcvtq_f32_s32(vpaddq_s32(sums.first, sums.last)); }

  QWQ_INLINE static F load_bf16(const void* p) { return widen_bf16(load_16bit(p)); }
  QWQ_INLINE static F load_bf16_partial(const void* p, int n) { return widen_bf16(load_16bit_partial(p, n)); }
  QWQ_INLINE static void store_f16(uint16_t* p, F v) { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(v))); }
  QWQ_INLINE static void store_f16_partial(uint16_t* p, F v, int n) {
    uint16_t all[kLanes];
    store_f16(all, v);
    for (int i = 0; i < n; ++i) p[i] = all[i];
  }

  static constexpr bool kDotsFours = false;  // no dot_fours

  // Sums of products of 16 bytes, spread over the lanes; |level| is at most `largest`.
  template <int largest>
  QWQ_INLINE static int32x4_t dot_half(int8x16_t levels, int8x16_t q) {
    static_assert(2 * 127 * largest < 32768);
    return vpaddlq_s16(vmlal_high_s8(vmull_s8(vget_low_s8(levels), vget_low_s8(q)), levels, q));
  }
  // The same of 32 bytes.
  template <int largest>
  QWQ_INLINE static int32x4_t dot_block(int8x16_t first, int8x16_t last, int8x16_t q_first,
                                        int8x16_t q_last) {
    int16x8_t sums = vmlal_high_s8(vmull_s8(vget_low_s8(first), vget_low_s8(q_first)), first, q_first);
    if constexpr (4 * 127 * largest < 32768) {
      sums = vmlal_s8(sums, vget_low_s8(last), vget_low_s8(q_last));
      return vpaddlq_s16(vmlal_high_s8(sums, last, q_last));
    } else {
      const int16x8_t rest = vmull_s8(vget_low_s8(last), vget_low_s8(q_last));
      return vpadalq_s16(vpaddlq_s16(sums), vmlal_high_s8(rest, last, q_last));
    }
  }

 private:
  QWQ_INLINE static const uint8_t* bytes(const void* p) { return static_cast<const uint8_t*>(p); }
};

}  // namespace qwq::cpu
