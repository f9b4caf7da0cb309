#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

//   15  14   10 9        0
//  [ s | e (5) | m (10)   ]   IEEE 754 binary16
struct F16 {
  static constexpr DType kDType = DType::kF16;
  static constexpr const char* kName = "F16";
  static constexpr int kBlockElements = 1;
  static constexpr int kBlockBytes = 2;

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    *out = f16_to_f32(load<uint16_t>(block));
  }
  static void encode(const float* x, std::byte* block) { store(block, f32_to_f16(*x)); }
};

}  // namespace qwq
