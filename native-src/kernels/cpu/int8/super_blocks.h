// Int8Format of the formats with blocks of 256, in plain code.
#pragma once

#include "formats/q4_k.h"
#include "formats/q5_k.h"
#include "formats/q6_k.h"
#include "kernels/cpu/int8/recipe.h"

namespace qwq::cpu {

// Scales and minimums of Q4_K and Q5_K, which begin alike.
QWQ_INLINE void k_scales(const std::byte* w, GroupScales* scales) {
  const float d = f16_to_f32(load<uint16_t>(w));
  const float dmin = f16_to_f32(load<uint16_t>(w + 2));
  uint64_t s;
  uint64_t m;
  Q4_K::unpack_scales(w, &s, &m);
  for (int b = 0; b < 8; ++b) {
    scales->d[b] = d * static_cast<float>(s >> (8 * b) & 255);
    scales->m[b] = -(dmin * static_cast<float>(m >> (8 * b) & 255));
  }
}

template <>
struct Int8Format<Q4_K> {
  static constexpr int kOffset = 0;
  static constexpr bool kSigned = false;
  static constexpr int kLargest = 15;
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = true;

  QWQ_INLINE static void levels(const std::byte* w, uint8_t (&levels)[256]) {
    for (int b = 0; b < 8; ++b) {
      for (int i = 0; i < 32; ++i) {
        const uint32_t both = u8(w + Q4_K::kLevels + 32 * (b / 2) + i);
        levels[32 * b + i] = static_cast<uint8_t>(both >> (4 * (b % 2)) & 15);
      }
    }
  }
  QWQ_INLINE static void scales(const std::byte* w, GroupScales* scales) { k_scales(w, scales); }
};

template <>
struct Int8Format<Q5_K> {
  static constexpr int kOffset = 0;
  static constexpr bool kSigned = false;
  static constexpr int kLargest = 31;
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = true;

  QWQ_INLINE static void levels(const std::byte* w, uint8_t (&levels)[256]) {
    int8_t q[256];
    Q5_K::levels(w, q);
    __builtin_memcpy(levels, q, sizeof(q));
  }
  QWQ_INLINE static void scales(const std::byte* w, GroupScales* scales) { k_scales(w, scales); }
};

template <>
struct Int8Format<Q6_K> {
  static constexpr int kOffset = 32;
  static constexpr bool kSigned = false;
  static constexpr int kLargest = 63;
  static constexpr bool kHalves = true;
  static constexpr bool kMinimum = false;

  QWQ_INLINE static void levels(const std::byte* w, uint8_t (&levels)[256]) {
    int8_t centred[256];
    Q6_K::levels(w, centred);
    for (int i = 0; i < 256; ++i) levels[i] = static_cast<uint8_t>(centred[i] + 32);
  }
  QWQ_INLINE static void scales(const std::byte* w, GroupScales* scales) {
    const float d = f16_to_f32(load<uint16_t>(w + Q6_K::kScale));
    for (int b = 0; b < 8; ++b) scales->d[b] = d;
    for (int j = 0; j < 16; ++j) scales->s[j] = i8(w + Q6_K::kScales + j);
  }
};

}  // namespace qwq::cpu
