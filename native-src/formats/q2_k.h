#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

// 256 elements in 16 sub-blocks of 16, each with a 4-bit scale s and a 4-bit minimum m.
//
// byte  0               16             80         82            84
//      [ packed[16]     | b[0] .. b[63] | d (f16) | dmin (f16)   ]
//
// x[16 j + i] = (d * s[j]) * q - dmin * m[j]      s[j] = packed[j] & 15, m[j] = packed[j] >> 4
//
// Each half of 128 elements takes 32 bytes; for i in 0 .. 31 of half h, k in 0 .. 3:
//
//   element 128 h + 32 k + i:  b[32 h + i] bits 2k, 2k + 1
//
// (d * s) * q has 11 + 4 + 2 significant bits: the only rounding is that of the subtraction.
struct Q2_K {
  static constexpr DType kDType = DType::kQ2_K;
  static constexpr const char* kName = "Q2_K";
  static constexpr int kBlockElements = 256;
  static constexpr int kBlockBytes = 84;
  static constexpr int kScales = 0;    // offset of packed
  static constexpr int kLevels = 16;   // offset of b
  static constexpr int kScale = 80;    // offset of d
  static constexpr int kMinimum = 82;  // offset of dmin

  // q of all elements.
  QWQ_INLINE static void levels(const std::byte* block, int8_t* q) {
    for (int half = 0; half < 2; ++half) {
      const std::byte* b = block + kLevels + 32 * half;
      for (int k = 0; k < 4; ++k) {
        int8_t* target = q + 128 * half + 32 * k;
        for (int i = 0; i < 32; ++i) target[i] = static_cast<int8_t>(u8(b + i) >> (2 * k) & 3);
      }
    }
  }

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    int8_t q[256];
    levels(block, q);
    const float d = f16_to_f32(load<uint16_t>(block + kScale));
    const float dmin = f16_to_f32(load<uint16_t>(block + kMinimum));
    for (int j = 0; j < 16; ++j) {
      const int32_t packed = static_cast<int32_t>(u8(block + kScales + j));
      const float scale = d * static_cast<float>(packed & 15);
      const float minimum = dmin * static_cast<float>(packed >> 4);
      for (int i = 16 * j; i < 16 * j + 16; ++i) out[i] = scale * static_cast<float>(q[i]) - minimum;
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
