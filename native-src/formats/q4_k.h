#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

// 256 elements in 8 sub-blocks of 32, each with a 6-bit scale s and a 6-bit minimum m.
//
// byte  0        2           4              16                                 144
//      [ d (f16) | dmin (f16) | packed[12]   | b[0] ...              b[127]     ]
//
// x[32 j + i] = (d * s[j]) * q - dmin * m[j]
//
// packed: bytes 0-3   low 6 bits s[0..3], high 2 bits the top of s[4..7]
//         bytes 4-7   low 6 bits m[0..3], high 2 bits the top of m[4..7]
//         bytes 8-11  low 4 bits the bottom of s[4..7], high 4 bits the bottom of m[4..7]
//
// levels: bytes 32 p .. 32 p + 31 hold sub-block 2p in their low and sub-block 2p + 1 in their high nibbles.
//
// (d * s) * q has 11 + 6 + 4 significant bits: the only rounding is that of the subtraction, with or
// without fused multiply-add.
struct Q4_K {
  static constexpr DType kDType = DType::kQ4_K;
  static constexpr const char* kName = "Q4_K";
  static constexpr int kBlockElements = 256;
  static constexpr int kBlockBytes = 144;
  static constexpr int kScales = 4;   // offset of packed
  static constexpr int kLevels = 16;  // offset of b

  // Spreads packed into eight bytes of scales and eight of minimums, element j in bits 8j.
  QWQ_INLINE static void unpack_scales(const std::byte* block, uint64_t* scales, uint64_t* minimums) {
    const uint32_t a = load<uint32_t>(block + kScales);
    const uint32_t b = load<uint32_t>(block + kScales + 4);
    const uint32_t c = load<uint32_t>(block + kScales + 8);
    const uint32_t scales_high = (c & 0x0f0f0f0f) | ((a >> 2) & 0x30303030);
    const uint32_t minimums_high = ((c >> 4) & 0x0f0f0f0f) | ((b >> 2) & 0x30303030);
    *scales = (a & 0x3f3f3f3f) | static_cast<uint64_t>(scales_high) << 32;
    *minimums = (b & 0x3f3f3f3f) | static_cast<uint64_t>(minimums_high) << 32;
  }

  // The inverse, into a block.
  static void pack_scales(const uint8_t* scales, const uint8_t* minimums, std::byte* block);

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    const float d = f16_to_f32(load<uint16_t>(block));
    const float dmin = f16_to_f32(load<uint16_t>(block + 2));
    uint64_t scales;
    uint64_t minimums;
    unpack_scales(block, &scales, &minimums);
    for (int pair = 0; pair < 4; ++pair) {
      const std::byte* b = block + kLevels + 32 * pair;
      const float scale0 = d * static_cast<float>((scales >> (16 * pair)) & 255);
      const float scale1 = d * static_cast<float>((scales >> (16 * pair + 8)) & 255);
      const float min0 = dmin * static_cast<float>((minimums >> (16 * pair)) & 255);
      const float min1 = dmin * static_cast<float>((minimums >> (16 * pair + 8)) & 255);
      float* lower = out + 64 * pair;
      float* upper = lower + 32;
      for (int i = 0; i < 32; ++i) {
        lower[i] = scale0 * static_cast<float>(static_cast<int32_t>(u8(b + i) & 15)) - min0;
        upper[i] = scale1 * static_cast<float>(static_cast<int32_t>(u8(b + i) >> 4)) - min1;
      }
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
