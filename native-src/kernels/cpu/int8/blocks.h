// Int8Format of the formats with blocks of 32, in plain code.
#pragma once

#include "formats/q4_0.h"
#include "formats/q5_0.h"
#include "formats/q8_0.h"
#include "kernels/cpu/int8/recipe.h"

namespace qwq::cpu {

// Calls body(block, its 32 levels) for the eight blocks of a group.
template <class Format, typename Body>
QWQ_INLINE void for_blocks(const std::byte* group, uint8_t (&levels)[256], Body&& body) {
  for (int b = 0; b < 8; ++b) body(group + b * Format::kBlockBytes, levels + 32 * b);
}

template <class Format>
QWQ_INLINE void leading_f16_scales(const std::byte* group, GroupScales* scales) {
  for (int b = 0; b < 8; ++b) scales->d[b] = f16_to_f32(load<uint16_t>(group + b * Format::kBlockBytes));
}

template <>
struct Int8Format<Q8_0> {
  static constexpr int kOffset = 0;
  static constexpr bool kSigned = true;
  static constexpr int kLargest = 128;
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  QWQ_INLINE static void levels(const std::byte* group, uint8_t (&levels)[256]) {
    for_blocks<Q8_0>(group, levels, [](const std::byte* block, uint8_t* q) {
      __builtin_memcpy(q, block + Q8_0::kLevels, 32);
    });
  }
  QWQ_INLINE static void scales(const std::byte* group, GroupScales* scales) {
    leading_f16_scales<Q8_0>(group, scales);
  }
};

template <>
struct Int8Format<Q4_0> {
  static constexpr int kOffset = 8;
  static constexpr bool kSigned = false;
  static constexpr int kLargest = 15;
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  QWQ_INLINE static void levels(const std::byte* group, uint8_t (&levels)[256]) {
    for_blocks<Q4_0>(group, levels, [](const std::byte* block, uint8_t* q) {
      for (int i = 0; i < 16; ++i) {
        q[i] = static_cast<uint8_t>(u8(block + Q4_0::kLevels + i) & 15);
        q[i + 16] = static_cast<uint8_t>(u8(block + Q4_0::kLevels + i) >> 4);
      }
    });
  }
  QWQ_INLINE static void scales(const std::byte* group, GroupScales* scales) {
    leading_f16_scales<Q4_0>(group, scales);
  }
};

template <>
struct Int8Format<Q5_0> {
  static constexpr int kOffset = 16;
  static constexpr bool kSigned = false;
  static constexpr int kLargest = 31;
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  QWQ_INLINE static void levels(const std::byte* group, uint8_t (&levels)[256]) {
    for_blocks<Q5_0>(group, levels, [](const std::byte* block, uint8_t* q) {
      const uint32_t high = load<uint32_t>(block + Q5_0::kHighBits);
      for (int i = 0; i < 16; ++i) {
        const uint32_t b = u8(block + Q5_0::kLevels + i);
        q[i] = static_cast<uint8_t>((b & 15) | (high >> i & 1) << 4);
        q[i + 16] = static_cast<uint8_t>((b >> 4) | (high >> (i + 16) & 1) << 4);
      }
    });
  }
  QWQ_INLINE static void scales(const std::byte* group, GroupScales* scales) {
    leading_f16_scales<Q5_0>(group, scales);
  }
};

}  // namespace qwq::cpu
