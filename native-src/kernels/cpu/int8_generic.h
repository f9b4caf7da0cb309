#pragma once

#include "kernels/cpu/activations.h"
#include "kernels/cpu/visit_format.h"

namespace qwq::cpu {

// Products of 256 quantised weights with an ActivationGroup, in eight lanes of f32, lane b for block b:
//
//   32-element formats: lane b += (d[b] * scale[b]) * f32(sum of (q - offset) * a over block b)
//   Q6_K:               lane b += (d * scale[b]) * f32(s[2b] * sum over the first half + s[2b+1] * sum over
//   the other) Q4_K:               lane b += (d * scale[b]) * f32(s[b] * sum of q * a) - (dmin * scale[b]) *
//   f32(m[b] * sum of a)
//
// The integers are exact and, below 2^24, so is their f32. Every operation in f32 is rounded by itself, in
// this order, nothing is fused: all variants give the same bits. This is the plain statement of it; x86
// variants differ in how they get the integers only.
template <class V>
struct Int8 {
  struct Lanes {
    float lane[8];
  };

  QWQ_INLINE static Lanes zero() { return {}; }
  QWQ_INLINE static float sum(const Lanes& v) {
    const float* a = v.lane;
    return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
  }

  template <class Format>
  QWQ_INLINE static void add_group(const std::byte* w, const ActivationGroup& a, Lanes& acc) {
    if constexpr (Format::kBlockElements == 32) {
      for (int b = 0; b < 8; ++b) {
        const std::byte* block = w + b * Format::kBlockBytes;
        int8_t q[32];
        signed_levels(Format{}, block, q);
        const float d = f16_to_f32(load<uint16_t>(block));
        acc.lane[b] += (d * a.scale[b]) * static_cast<float>(dot(q, a.q + 32 * b, 32));
      }
    } else {
      add_super_block(Format{}, w, a, acc);
    }
  }

 private:
  QWQ_INLINE static int32_t dot(const int8_t* x, const int8_t* y, int n) {
    int32_t total = 0;
    for (int i = 0; i < n; ++i) total += static_cast<int32_t>(x[i]) * static_cast<int32_t>(y[i]);
    return total;
  }

  QWQ_INLINE static void signed_levels(Q8_0, const std::byte* block, int8_t* q) {
    for (int i = 0; i < 32; ++i) q[i] = static_cast<int8_t>(i8(block + Q8_0::kLevels + i));
  }

  QWQ_INLINE static void signed_levels(Q4_0, const std::byte* block, int8_t* q) {
    for (int i = 0; i < 16; ++i) {
      const int32_t b = static_cast<int32_t>(u8(block + Q4_0::kLevels + i));
      q[i] = static_cast<int8_t>((b & 15) - 8);
      q[i + 16] = static_cast<int8_t>((b >> 4) - 8);
    }
  }

  QWQ_INLINE static void signed_levels(Q5_0, const std::byte* block, int8_t* q) {
    const uint32_t high = load<uint32_t>(block + Q5_0::kHighBits);
    for (int i = 0; i < 16; ++i) {
      const uint32_t b = u8(block + Q5_0::kLevels + i);
      q[i] = static_cast<int8_t>(static_cast<int32_t>((b & 15) | (high >> i & 1) << 4) - 16);
      q[i + 16] = static_cast<int8_t>(static_cast<int32_t>((b >> 4) | (high >> (i + 16) & 1) << 4) - 16);
    }
  }

  QWQ_INLINE static void add_super_block(Q4_K, const std::byte* w, const ActivationGroup& a, Lanes& acc) {
    const float d = f16_to_f32(load<uint16_t>(w));
    const float dmin = f16_to_f32(load<uint16_t>(w + 2));
    uint64_t scales;
    uint64_t minimums;
    Q4_K::unpack_scales(w, &scales, &minimums);
    for (int b = 0; b < 8; ++b) {
      int8_t q[32];
      for (int i = 0; i < 32; ++i) {
        q[i] = static_cast<int8_t>(u8(w + Q4_K::kLevels + 32 * (b / 2) + i) >> (4 * (b % 2)) & 15);
      }
      const int32_t s = static_cast<int32_t>(scales >> (8 * b) & 255);
      const int32_t m = static_cast<int32_t>(minimums >> (8 * b) & 255);
      const int32_t sum_of_a = a.sums[8 * (b / 4) + b % 4] + a.sums[8 * (b / 4) + 4 + b % 4];
      acc.lane[b] += (d * a.scale[b]) * static_cast<float>(s * dot(q, a.q + 32 * b, 32)) -
                     (dmin * a.scale[b]) * static_cast<float>(m * sum_of_a);
    }
  }

  QWQ_INLINE static void add_super_block(Q6_K, const std::byte* w, const ActivationGroup& a, Lanes& acc) {
    const float d = f16_to_f32(load<uint16_t>(w + Q6_K::kScale));
    int8_t q[256];
    Q6_K::levels(w, q);
    for (int b = 0; b < 8; ++b) {
      const int32_t total = i8(w + Q6_K::kScales + 2 * b) * dot(q + 32 * b, a.q + 32 * b, 16) +
                            i8(w + Q6_K::kScales + 2 * b + 1) * dot(q + 32 * b + 16, a.q + 32 * b + 16, 16);
      acc.lane[b] += (d * a.scale[b]) * static_cast<float>(total);
    }
  }
};

}  // namespace qwq::cpu
