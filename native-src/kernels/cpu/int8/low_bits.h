// Int8Format of Q2_K and Q3_K, in plain code.
#pragma once

#include "formats/q2_k.h"
#include "formats/q3_k.h"
#include "kernels/cpu/int8/recipe.h"

namespace qwq::cpu {

template <>
struct Int8Format<Q2_K> {
  static constexpr int kOffset = 0;
  static constexpr bool kSigned = false;
  static constexpr int kLargest = 3;
  static constexpr bool kHalves = true;
  static constexpr bool kMinimum = true;

  QWQ_INLINE static void levels(const std::byte* w, uint8_t (&levels)[256]) {
    int8_t q[256];
    Q2_K::levels(w, q);
    __builtin_memcpy(levels, q, sizeof(q));
  }
  QWQ_INLINE static void scales(const std::byte* w, GroupScales* scales) {
    const float d = f16_to_f32(load<uint16_t>(w + Q2_K::kScale));
    const float dmin = f16_to_f32(load<uint16_t>(w + Q2_K::kMinimum));
    for (int b = 0; b < 8; ++b) scales->d[b] = d;
    for (int j = 0; j < 16; ++j) {
      const int32_t packed = static_cast<int32_t>(u8(w + Q2_K::kScales + j));
      scales->s[j] = packed & 15;
      scales->m[j] = -(dmin * static_cast<float>(packed >> 4));
    }
  }
};

template <>
struct Int8Format<Q3_K> {
  static constexpr int kOffset = 4;
  static constexpr bool kSigned = false;
  static constexpr int kLargest = 7;
  static constexpr bool kHalves = true;
  static constexpr bool kMinimum = false;

  QWQ_INLINE static void levels(const std::byte* w, uint8_t (&levels)[256]) {
    int8_t centred[256];
    Q3_K::levels(w, centred);
    for (int i = 0; i < 256; ++i) levels[i] = static_cast<uint8_t>(centred[i] + 4);
  }
  QWQ_INLINE static void scales(const std::byte* w, GroupScales* scales) {
    const float d = f16_to_f32(load<uint16_t>(w + Q3_K::kScale));
    for (int b = 0; b < 8; ++b) scales->d[b] = d;
    int8_t s[16];
    Q3_K::scales(w, s);
    for (int j = 0; j < 16; ++j) scales->s[j] = s[j];
  }
};

}  // namespace qwq::cpu
