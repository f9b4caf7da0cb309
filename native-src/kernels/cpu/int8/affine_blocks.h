// Int8Format of the formats with blocks of 32 that have a minimum, in plain code.
#pragma once

#include "formats/q4_1.h"
#include "formats/q5_1.h"
#include "kernels/cpu/int8/blocks.h"

namespace qwq::cpu {

template <class Format>
QWQ_INLINE void f16_scales_and_minimums(const std::byte* group, GroupScales* scales) {
  leading_f16_scales<Format>(group, scales);
  for (int b = 0; b < 8; ++b) {
    scales->m[b] = f16_to_f32(load<uint16_t>(group + b * Format::kBlockBytes + Format::kMinimum));
  }
}

template <>
struct Int8Format<Q4_1> {
  static constexpr int kOffset = 0;
  static constexpr bool kSigned = false;
  static constexpr int kLargest = 15;
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = true;

  QWQ_INLINE static void levels(const std::byte* group, uint8_t (&levels)[256]) {
    for_blocks<Q4_1>(group, levels, [](const std::byte* block, uint8_t* q) {
      for (int i = 0; i < 16; ++i) {
        q[i] = static_cast<uint8_t>(u8(block + Q4_1::kLevels + i) & 15);
        q[i + 16] = static_cast<uint8_t>(u8(block + Q4_1::kLevels + i) >> 4);
      }
    });
  }
  QWQ_INLINE static void scales(const std::byte* group, GroupScales* scales) {
    f16_scales_and_minimums<Q4_1>(group, scales);
  }
};

template <>
struct Int8Format<Q5_1> {
  static constexpr int kOffset = 0;
  static constexpr bool kSigned = false;
  static constexpr int kLargest = 31;
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = true;

  QWQ_INLINE static void levels(const std::byte* group, uint8_t (&levels)[256]) {
    for_blocks<Q5_1>(group, levels, [](const std::byte* block, uint8_t* q) {
      const uint32_t high = load<uint32_t>(block + Q5_1::kHighBits);
      for (int i = 0; i < 16; ++i) {
        const uint32_t b = u8(block + Q5_1::kLevels + i);
        q[i] = static_cast<uint8_t>((b & 15) | (high >> i & 1) << 4);
        q[i + 16] = static_cast<uint8_t>((b >> 4) | (high >> (i + 16) & 1) << 4);
      }
    });
  }
  QWQ_INLINE static void scales(const std::byte* group, GroupScales* scales) {
    f16_scales_and_minimums<Q5_1>(group, scales);
  }
};

}  // namespace qwq::cpu
