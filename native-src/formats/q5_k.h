#pragma once

#include "formats/q4_k.h"

namespace qwq {

// Q4_K with a fifth bit: 256 elements in 8 sub-blocks of 32, each with a 6-bit scale s and a 6-bit minimum m.
//
// byte  0        2           4            16           48                        176
//      [ d (f16) | dmin (f16) | packed[12] | high[32]   | b[0] ...        b[127]    ]
//
// x[32 j + i] = (d * s[j]) * q - dmin * m[j], q of 5 bits, packed as in Q4_K. For i in 0 .. 31:
//
//   low 4 bits of element 64 p + i:       b[32 p + i] & 15
//   low 4 bits of element 64 p + 32 + i:  b[32 p + i] >> 4
//   high bit   of element 32 j + i:       high[i] bit j
//
// (d * s) * q has 11 + 6 + 5 significant bits: the only rounding is that of the subtraction.
struct Q5_K {
  static constexpr DType kDType = DType::kQ5_K;
  static constexpr const char* kName = "Q5_K";
  static constexpr int kBlockElements = 256;
  static constexpr int kBlockBytes = 176;
  static constexpr int kScales = Q4_K::kScales;
  static constexpr int kHighBits = 16;  // offset of high
  static constexpr int kLevels = 48;    // offset of b

  QWQ_INLINE static void unpack_scales(const std::byte* block, uint64_t* scales, uint64_t* minimums) {
    Q4_K::unpack_scales(block, scales, minimums);
  }

  // q of all elements.
  QWQ_INLINE static void levels(const std::byte* block, int8_t* q) {
    const std::byte* high = block + kHighBits;
    for (int pair = 0; pair < 4; ++pair) {
      const std::byte* b = block + kLevels + 32 * pair;
      int8_t* target = q + 64 * pair;
      for (int i = 0; i < 32; ++i) {
        const uint32_t h = u8(high + i) >> (2 * pair);
        target[i] = static_cast<int8_t>((u8(b + i) & 15) | (h & 1) << 4);
        target[i + 32] = static_cast<int8_t>(u8(b + i) >> 4 | (h & 2) << 3);
      }
    }
  }

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    int8_t q[256];
    levels(block, q);
    const float d = f16_to_f32(load<uint16_t>(block));
    const float dmin = f16_to_f32(load<uint16_t>(block + 2));
    uint64_t scales;
    uint64_t minimums;
    unpack_scales(block, &scales, &minimums);
    for (int j = 0; j < 8; ++j) {
      const float scale = d * static_cast<float>(scales >> (8 * j) & 255);
      const float minimum = dmin * static_cast<float>(minimums >> (8 * j) & 255);
      for (int i = 32 * j; i < 32 * j + 32; ++i) out[i] = scale * static_cast<float>(q[i]) - minimum;
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
