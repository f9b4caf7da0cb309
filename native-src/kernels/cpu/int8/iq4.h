// Int8Format of IQ4_NL and IQ4_XS, in plain code: their levels stand for int8 values.
#pragma once

#include "formats/iq4_nl.h"
#include "formats/iq4_xs.h"
#include "kernels/cpu/int8/blocks.h"

namespace qwq::cpu {

// Values of 32 elements whose levels are in sixteen bytes, low nibbles first.
QWQ_INLINE void iq4_block_values(const std::byte* b, uint8_t* values) {
  for (int i = 0; i < 16; ++i) {
    values[i] = static_cast<uint8_t>(kIq4Values[u8(b + i) & 15]);
    values[i + 16] = static_cast<uint8_t>(kIq4Values[u8(b + i) >> 4]);
  }
}

template <>
struct Int8Format<IQ4_NL> {
  static constexpr int kOffset = 0;
  static constexpr bool kSigned = true;
  static constexpr int kLargest = 127;
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  QWQ_INLINE static void levels(const std::byte* group, uint8_t (&levels)[256]) {
    for_blocks<IQ4_NL>(group, levels, [](const std::byte* block, uint8_t* values) {
      iq4_block_values(block + IQ4_NL::kLevels, values);
    });
  }
  QWQ_INLINE static void scales(const std::byte* group, GroupScales* scales) {
    leading_f16_scales<IQ4_NL>(group, scales);
  }
};

template <>
struct Int8Format<IQ4_XS> {
  static constexpr int kOffset = 0;
  static constexpr bool kSigned = true;
  static constexpr int kLargest = 127;
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  QWQ_INLINE static void levels(const std::byte* w, uint8_t (&levels)[256]) {
    for (int b = 0; b < 8; ++b) iq4_block_values(w + IQ4_XS::kLevels + 16 * b, levels + 32 * b);
  }
  QWQ_INLINE static void scales(const std::byte* w, GroupScales* scales) {
    const float d = f16_to_f32(load<uint16_t>(w));
    for (int b = 0; b < 8; ++b) scales->d[b] = d * static_cast<float>(IQ4_XS::scale(w, b));
  }
};

}  // namespace qwq::cpu
