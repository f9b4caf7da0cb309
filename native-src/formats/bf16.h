#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

//   15  14   7 6       0
//  [ s | e (8) | m (7)  ]   the upper half of an f32
struct BF16 {
  static constexpr DType kDType = DType::kBF16;
  static constexpr const char* kName = "BF16";
  static constexpr int kBlockElements = 1;
  static constexpr int kBlockBytes = 2;

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    *out = bf16_to_f32(load<uint16_t>(block));
  }
  static void encode(const float* x, std::byte* block) { store(block, f32_to_bf16(*x)); }
};

}  // namespace qwq
