#pragma once

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq {

// 256 elements in 16 sub-blocks of 16, each with a 6-bit scale s.
//
// byte  0            32             96            108      110
//      [ high[32]    | b[0] .. b[63] | packed[12]  | d (f16) ]
//
// x[16 j + i] = (d * (s[j] - 32)) * (q - 4), q of 3 bits. For i in 0 .. 31:
//
//   low 2 bits of element 128 h + 32 k + i (k in 0 .. 3):  b[32 h + i] bits 2k, 2k + 1
//   high bit   of element 32 k + i         (k in 0 .. 7):  high[i] bit k
//
// packed: bytes 0-7   low 4 bits the bottom of s[0..7], high 4 bits the bottom of s[8..15]
//         bytes 8-11  bits 2k, 2k + 1 the top of s[4k .. 4k + 3]
//
// 11 + 5 + 2 significant bits: exact in f32.
struct Q3_K {
  static constexpr DType kDType = DType::kQ3_K;
  static constexpr const char* kName = "Q3_K";
  static constexpr int kBlockElements = 256;
  static constexpr int kBlockBytes = 110;
  static constexpr int kHighBits = 0;  // offset of high
  static constexpr int kLevels = 32;   // offset of b
  static constexpr int kScales = 96;   // offset of packed
  static constexpr int kScale = 108;   // offset of d

  // Spreads packed into sixteen bytes s, element j of eight in bits 8j.
  QWQ_INLINE static void unpack_scales(const std::byte* block, uint64_t* first8, uint64_t* last8) {
    const uint64_t low = load<uint64_t>(block + kScales);
    const uint64_t top = load<uint32_t>(block + kScales + 8);
    const uint64_t first_top = (top & 0x03030303) | (top >> 2 & 0x03030303) << 32;
    const uint64_t last_top = (top >> 4 & 0x03030303) | (top >> 6 & 0x03030303) << 32;
    *first8 = (low & 0x0f0f0f0f0f0f0f0f) | first_top << 4;
    *last8 = (low >> 4 & 0x0f0f0f0f0f0f0f0f) | last_top << 4;
  }

  // s - 32 of all sub-blocks.
  QWQ_INLINE static void scales(const std::byte* block, int8_t* s) {
    uint64_t packed[2];
    unpack_scales(block, &packed[0], &packed[1]);
    for (int j = 0; j < 16; ++j) {
      s[j] = static_cast<int8_t>(static_cast<int32_t>(packed[j / 8] >> (8 * (j % 8)) & 63) - 32);
    }
  }

  // q - 4 of all elements.
  QWQ_INLINE static void levels(const std::byte* block, int8_t* q) {
    const std::byte* high = block + kHighBits;
    for (int k = 0; k < 8; ++k) {
      const std::byte* b = block + kLevels + 32 * (k / 4);
      int8_t* target = q + 32 * k;
      for (int i = 0; i < 32; ++i) {
        const uint32_t low = u8(b + i) >> (2 * (k % 4)) & 3;
        target[i] = static_cast<int8_t>(static_cast<int32_t>(low | (u8(high + i) >> k & 1) << 2) - 4);
      }
    }
  }

  QWQ_INLINE static void decode(const std::byte* block, float* out) {
    int8_t q[256];
    int8_t s[16];
    levels(block, q);
    scales(block, s);
    const float d = f16_to_f32(load<uint16_t>(block + kScale));
    for (int j = 0; j < 16; ++j) {
      const float scale = d * static_cast<float>(s[j]);
      for (int i = 16 * j; i < 16 * j + 16; ++i) out[i] = scale * static_cast<float>(q[i]);
    }
  }
  static void encode(const float* x, std::byte* block);
};

}  // namespace qwq
