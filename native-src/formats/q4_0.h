#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

// byte  0        2                              18
//      [ d (f16) | b[0] b[1] ...        b[15]    ]     x[i]      = d * ((b[i] & 15) - 8)
//                                                      x[i + 16] = d * ((b[i] >> 4) - 8)
struct Q4_0 {
  static constexpr DType kDType = DType::kQ4_0;
  static constexpr const char* kName = "Q4_0";
  static constexpr int kBlockElements = 32;
  static constexpr int kBlockBytes = 18;
  static constexpr int kLevels = 2;  // offset of b

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    const float d = f16_to_f32(load<uint16_t>(block));
    for (int i = 0; i < 16; ++i) {
      const int32_t b = static_cast<int32_t>(u8(block + kLevels + i));
      out[i] = d * static_cast<float>((b & 15) - 8);
      out[i + 16] = d * static_cast<float>((b >> 4) - 8);
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
