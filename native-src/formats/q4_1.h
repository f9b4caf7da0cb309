#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

// byte  0        2         4                              20
//      [ d (f16) | m (f16) | b[0] b[1] ...        b[15]    ]     x[i]      = d * (b[i] & 15) + m
//                                                                x[i + 16] = d * (b[i] >> 4) + m
//
// d * q has 11 + 4 significant bits: the only rounding is that of the addition.
struct Q4_1 {
  static constexpr DType kDType = DType::kQ4_1;
  static constexpr const char* kName = "Q4_1";
  static constexpr int kBlockElements = 32;
  static constexpr int kBlockBytes = 20;
  static constexpr int kMinimum = 2;  // offset of m
  static constexpr int kLevels = 4;   // offset of b

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    const float d = f16_to_f32(load<uint16_t>(block));
    const float m = f16_to_f32(load<uint16_t>(block + kMinimum));
    for (int i = 0; i < 16; ++i) {
      const int32_t b = static_cast<int32_t>(u8(block + kLevels + i));
      out[i] = d * static_cast<float>(b & 15) + m;
      out[i + 16] = d * static_cast<float>(b >> 4) + m;
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
