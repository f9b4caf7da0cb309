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

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    const float d = f16_to_f32(load<uint16_t>(block + kScale));
    for (int half = 0; half < 2; ++half) {
      for (int quarter = 0; quarter < 4; ++quarter) {
        const std::byte* low = block + 64 * half + 32 * (quarter % 2);
        const std::byte* high = block + kHighBits + 32 * half;
        const int low_shift = 4 * (quarter / 2);
        const int high_shift = 2 * quarter;
        const std::byte* scales = block + kScales + 8 * half + 2 * quarter;
        float* target = out + 128 * half + 32 * quarter;
        for (int sub = 0; sub < 2; ++sub) {
          const float scale = d * static_cast<float>(i8(scales + sub));
          for (int i = 16 * sub; i < 16 * sub + 16; ++i) {
            const uint32_t q = ((u8(low + i) >> low_shift) & 15) | (((u8(high + i) >> high_shift) & 3) << 4);
            target[i] = scale * static_cast<float>(static_cast<int32_t>(q) - 32);
          }
        }
      }
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
