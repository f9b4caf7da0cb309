#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

struct F32 {
  static constexpr DType kDType = DType::kF32;
  static constexpr const char* kName = "F32";
  static constexpr int kBlockElements = 1;
  static constexpr int kBlockBytes = 4;

  QWQ_INLINE static void decode(const std::byte* block, float* out) { *out = load<float>(block); }
  static void encode(const float* x, std::byte* block) { store(block, *x); }
};

}  // namespace qwq
