#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

// byte  0        2         4          8                        24
//      [ d (f16) | m (f16) | h (u32)  | b[0] ...      b[15]     ]
//
// Bit i of h is the fifth bit of level i:  q[i]      = (b[i] & 15) | bit(h, i) << 4
//                                          q[i + 16] = (b[i] >> 4) | bit(h, i + 16) << 4
// x[i] = d * q[i] + m; the only rounding is that of the addition.
struct Q5_1 {
  static constexpr DType kDType = DType::kQ5_1;
  static constexpr const char* kName = "Q5_1";
  static constexpr int kBlockElements = 32;
  static constexpr int kBlockBytes = 24;
  static constexpr int kMinimum = 2;   // offset of m
  static constexpr int kHighBits = 4;  // offset of h
  static constexpr int kLevels = 8;    // offset of b

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    const float d = f16_to_f32(load<uint16_t>(block));
    const float m = f16_to_f32(load<uint16_t>(block + kMinimum));
    const uint32_t high = load<uint32_t>(block + kHighBits);
    for (int i = 0; i < 16; ++i) {
      const uint32_t b = u8(block + kLevels + i);
      const uint32_t lower = (b & 15) | (((high >> i) & 1) << 4);
      const uint32_t upper = (b >> 4) | (((high >> (i + 16)) & 1) << 4);
      out[i] = d * static_cast<float>(static_cast<int32_t>(lower)) + m;
      out[i + 16] = d * static_cast<float>(static_cast<int32_t>(upper)) + m;
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
