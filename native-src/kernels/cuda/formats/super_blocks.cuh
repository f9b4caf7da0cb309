// Formats with blocks of 256 elements.
#pragma once

#include "formats/iq4_xs.h"
#include "formats/q4_k.h"
#include "formats/q5_k.h"
#include "formats/q6_k.h"
#include "kernels/cuda/formats/iq4.cuh"
#include "kernels/cuda/formats/weight_block.cuh"

namespace qwq::cuda {

// Scale and minimum of sub-block b of Q4_K and Q5_K, which begin alike: d, dmin and three words of packed
// numbers.
QWQ_DEVICE void unpack_k_scales(const Words4& header, int b, WeightBlock* block) {
  const int shift = 8 * (b % 4);
  uint32_t scale = header.w[1] >> shift & 63;
  uint32_t minimum = header.w[2] >> shift & 63;
  if (b >= 4) {
    scale = (header.w[3] >> shift & 15) | (header.w[1] >> (shift + 6) & 3) << 4;
    minimum = (header.w[3] >> (shift + 4) & 15) | (header.w[2] >> (shift + 6) & 3) << 4;
  }
  const float d = half_to_float(static_cast<uint16_t>(header.w[0] & 0xffff));
  const float dmin = half_to_float(static_cast<uint16_t>(header.w[0] >> 16));
  block->d = d * static_cast<float>(scale);
  block->m[0] = -(dmin * static_cast<float>(minimum));
}

// Nibbles of sub-block b of Q4_K and Q5_K: low ones of 32 bytes if it is even, else high ones.
QWQ_DEVICE void unpack_k_nibbles(const PackedWords<8, 16>& levels, int b, WeightBlock* block) {
  levels.unpack(block->q);
  QWQ_UNROLL
  for (int i = 0; i < 8; ++i) block->q[i] = block->q[i] >> (4 * (b % 2)) & 0x0f0f0f0fu;
}

template <>
struct DeviceFormat<Q4_K> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = true;

  struct Packed {
    Words4 header;
    PackedWords<8, 16> levels;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    packed->header = read<Words4>(group);
    packed->levels.fetch(group + Q4_K::kLevels + 32 * (b / 2));
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int b, WeightBlock* block) {
    unpack_k_scales(packed.header, b, block);
    unpack_k_nibbles(packed.levels, b, block);
  }
};

template <>
struct DeviceFormat<Q5_K> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = true;

  struct Packed {
    Words4 header;
    PackedWords<8, 16> levels;
    PackedWords<8, 16> high;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    packed->header = read<Words4>(group);
    packed->levels.fetch(group + Q5_K::kLevels + 32 * (b / 2));
    packed->high.fetch(group + Q5_K::kHighBits);
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int b, WeightBlock* block) {
    uint32_t high[8];
    unpack_k_scales(packed.header, b, block);
    unpack_k_nibbles(packed.levels, b, block);
    packed.high.unpack(high);
    QWQ_UNROLL
    for (int i = 0; i < 8; ++i) block->q[i] |= (high[i] >> b & 0x01010101u) << 4;
  }
};

template <>
struct DeviceFormat<Q6_K> {
  static constexpr bool kHalves = true;
  static constexpr bool kMinimum = false;

  struct Packed {
    PackedWords<8, 2> levels;
    PackedWords<8, 2> high;
    uint16_t scales;
    uint16_t d;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    const int half = b / 4;
    packed->levels.fetch(group + 64 * half + 32 * (b % 2));
    packed->high.fetch(group + Q6_K::kHighBits + 32 * half);
    packed->scales = read<uint16_t>(group + Q6_K::kScales + 2 * b);
    packed->d = read<uint16_t>(group + Q6_K::kScale);
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int b, WeightBlock* block) {
    const int k = b % 4;
    uint32_t high[8];
    packed.levels.unpack(block->q);
    packed.high.unpack(high);
    QWQ_UNROLL
    for (int i = 0; i < 8; ++i) {
      const uint32_t low = block->q[i] >> (4 * (k / 2)) & 0x0f0f0f0fu;
      block->q[i] = minus(low | (high[i] >> (2 * k) & 0x03030303u) << 4, 32);
    }
    const uint32_t scales = packed.scales;
    block->d = half_to_float(packed.d);
    block->s[0] = static_cast<int8_t>(scales & 0xff);
    block->s[1] = static_cast<int8_t>(scales >> 8);
  }
};

template <>
struct DeviceFormat<IQ4_XS> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  struct Packed {
    Words2 header;
    PackedWords<4, 8> levels;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    packed->header = read<Words2>(group);
    packed->levels.fetch(group + IQ4_XS::kLevels + 16 * b);
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int b, WeightBlock* block) {
    const Words2& header = packed.header;
    uint32_t words[4];
    packed.levels.unpack(words);
    iq4_values(words, block->q);
    const uint32_t scale = (header.w[1] >> (4 * b) & 15) | (header.w[0] >> (16 + 2 * b) & 3) << 4;
    block->d = half_to_float(static_cast<uint16_t>(header.w[0] & 0xffff)) *
               static_cast<float>(static_cast<int32_t>(scale) - 32);
  }
};

}  // namespace qwq::cuda
