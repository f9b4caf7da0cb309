#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

// byte  0        2                                34
//      [ d (f16) | q[0] q[1] ...   q[31]  (int8)   ]     x[i] = d * q[i]
//
// The product of 11 and 8 significant bits is exact in f32.
struct Q8_0 {
  static constexpr DType kDType = DType::kQ8_0;
  static constexpr const char* kName = "Q8_0";
  static constexpr int kBlockElements = 32;
  static constexpr int kBlockBytes = 34;
  static constexpr int kLevels = 2;  // offset of q

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    const float d = f16_to_f32(load<uint16_t>(block));
    for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(i8(block + kLevels + i));
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
