#pragma once

#include "formats/bytes.h"
#include "formats/iq4_values.h"
#include "runtime/tensor.h"

namespace qwq {

// byte  0        2                              18
//      [ d (f16) | b[0] b[1] ...        b[15]    ]     x[i]      = d * values[b[i] & 15]
//                                                      x[i + 16] = d * values[b[i] >> 4]
//
// 11 + 7 significant bits: exact in f32.
struct IQ4_NL {
  static constexpr DType kDType = DType::kIQ4_NL;
  static constexpr const char* kName = "IQ4_NL";
  static constexpr int kBlockElements = 32;
  static constexpr int kBlockBytes = 18;
  static constexpr int kLevels = 2;  // offset of b

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    const float d = f16_to_f32(load<uint16_t>(block));
    for (int i = 0; i < 16; ++i) {
      const uint32_t b = u8(block + kLevels + i);
      out[i] = d * static_cast<float>(kIq4Values[b & 15]);
      out[i + 16] = d * static_cast<float>(kIq4Values[b >> 4]);
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
