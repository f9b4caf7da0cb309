#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

// 256 elements in 16 sub-blocks of 16, each with an int8 scale s.
//
// byte  0                128              192          208      210
//      [ low[128]        | high[64]       | s[16] (i8) | d (f16) ]
//
// x[16 j + i] = (d * s[j]) * (q - 32), q of 6 bits. Each half of 128 elements takes 64 bytes of low and
// 32 of high; for i in 0 .. 31 of half h:
//
//   element      low 4 bits              high 2 bits
//   i            low[64 h + i] & 15      high[32 h + i] bits 0-1
//   i + 32       low[64 h + 32 + i] & 15                bits 2-3
//   i + 64       low[64 h + i] >> 4                     bits 4-5
//   i + 96       low[64 h + 32 + i] >> 4                bits 6-7
//
// 11 + 7 + 5 significant bits: exact in f32.
struct Q6_K {
  static constexpr DType kDType = DType::kQ6_K;
  static constexpr const char* kName = "Q6_K";
  static constexpr int kBlockElements = 256;
  static constexpr int kBlockBytes = 210;
  static constexpr int kHighBits = 128;  // offset of high
  static constexpr int kScales = 192;    // offset of s
  static constexpr int kScale = 208;     // offset of d

  // q - 32 of all elements. Two plain loops, here and in decode, which compilers turn into vector code.
  QWQ_INLINE static void levels(const std::byte* block, int8_t* q) {
    for (int half = 0; half < 2; ++half) {
      const std::byte* low = block + 64 * half;
      const std::byte* high = block + kHighBits + 32 * half;
      int8_t* target = q + 128 * half;
      for (int i = 0; i < 32; ++i) {
        const uint32_t a = u8(low + i);
        const uint32_t b = u8(low + 32 + i);
        const uint32_t h = u8(high + i);
        target[i] = static_cast<int8_t>(((a & 15) | (h & 3) << 4) - 32);
        target[i + 32] = static_cast<int8_t>(((b & 15) | (h >> 2 & 3) << 4) - 32);
        target[i + 64] = static_cast<int8_t>(((a >> 4) | (h >> 4 & 3) << 4) - 32);
        target[i + 96] = static_cast<int8_t>(((b >> 4) | (h >> 6) << 4) - 32);
      }
    }
  }

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    int8_t q[256];
    levels(block, q);
    const float d = f16_to_f32(load<uint16_t>(block + kScale));
    for (int j = 0; j < 16; ++j) {
      const float scale = d * static_cast<float>(i8(block + kScales + j));
      for (int i = 16 * j; i < 16 * j + 16; ++i) out[i] = scale * static_cast<float>(q[i]);
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
