#pragma once

#include "formats/bytes.h"
#include "formats/iq4_values.h"
#include "runtime/tensor.h"

namespace qwq {

// 256 elements in 8 sub-blocks of 32, each with a 6-bit scale s.
//
// byte  0        2            4          8                         136
//      [ d (f16) | high (u16) | low[4]    | b[0] ...        b[127]    ]
//
// x[32 j + i] = (d * (s[j] - 32)) * values[q], q of 4 bits; for i in 0 .. 15:
//
//   element 32 j + i:       b[16 j + i] & 15
//   element 32 j + 16 + i:  b[16 j + i] >> 4
//
// s[j]: bottom 4 bits in low[j / 2], even j in the low nibble; top 2 bits in bits 2j, 2j + 1 of high.
//
// 11 + 5 + 7 significant bits: exact in f32.
struct IQ4_XS {
  static constexpr DType kDType = DType::kIQ4_XS;
  static constexpr const char* kName = "IQ4_XS";
  static constexpr int kBlockElements = 256;
  static constexpr int kBlockBytes = 136;
  static constexpr int kScalesHigh = 2;  // offset of high
  static constexpr int kScalesLow = 4;   // offset of low
  static constexpr int kLevels = 8;      // offset of b

  // s[j] - 32
  QWQ_INLINE static int32_t scale(const std::byte* block, int j) {
    const uint32_t high = load<uint16_t>(block + kScalesHigh);
    const uint32_t low = load<uint32_t>(block + kScalesLow);
    return static_cast<int32_t>((low >> (4 * j) & 15) | (high >> (2 * j) & 3) << 4) - 32;
  }

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    const float d = f16_to_f32(load<uint16_t>(block));
    for (int j = 0; j < 8; ++j) {
      const float step = d * static_cast<float>(scale(block, j));
      const std::byte* b = block + kLevels + 16 * j;
      for (int i = 0; i < 16; ++i) {
        out[32 * j + i] = step * static_cast<float>(kIq4Values[u8(b + i) & 15]);
        out[32 * j + 16 + i] = step * static_cast<float>(kIq4Values[u8(b + i) >> 4]);
      }
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
