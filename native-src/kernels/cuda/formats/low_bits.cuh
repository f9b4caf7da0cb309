// Q2_K and Q3_K.
#pragma once

#include "formats/q2_k.h"
#include "formats/q3_k.h"
#include "kernels/cuda/formats/weight_block.cuh"

namespace qwq::cuda {

template <>
struct DeviceFormat<Q2_K> {
  static constexpr bool kHalves = true;
  static constexpr bool kMinimum = true;

  struct Packed {
    PackedWords<8, 4> levels;
    uint16_t scales;
    uint32_t d_dmin;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    packed->levels.fetch(group + Q2_K::kLevels + 32 * (b / 4));
    packed->scales = read<uint16_t>(group + Q2_K::kScales + 2 * b);
    packed->d_dmin = read<uint32_t>(group + Q2_K::kScale);
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int b, WeightBlock* block) {
    packed.levels.unpack(block->q);
    QWQ_UNROLL
    for (int i = 0; i < 8; ++i) block->q[i] = block->q[i] >> (2 * (b % 4)) & 0x03030303u;
    const uint32_t scales = packed.scales;
    const float dmin = half_to_float(static_cast<uint16_t>(packed.d_dmin >> 16));
    block->d = half_to_float(static_cast<uint16_t>(packed.d_dmin & 0xffff));
    block->s[0] = static_cast<int32_t>(scales & 15);
    block->s[1] = static_cast<int32_t>(scales >> 8 & 15);
    block->m[0] = -(dmin * static_cast<float>(scales >> 4 & 15));
    block->m[1] = -(dmin * static_cast<float>(scales >> 12 & 15));
  }
};

template <>
struct DeviceFormat<Q3_K> {
  static constexpr bool kHalves = true;
  static constexpr bool kMinimum = false;

  struct Packed {
    PackedWords<8, 2> levels;
    PackedWords<8, 2> high;
    uint16_t d;
    uint16_t bottoms;
    uint16_t tops;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    packed->levels.fetch(group + Q3_K::kLevels + 32 * (b / 4));
    packed->high.fetch(group + Q3_K::kHighBits);
    packed->d = read<uint16_t>(group + Q3_K::kScale);
    // Scales 2b and 2b + 1: their bottoms side by side in bytes 0 .. 7, their tops in bytes 8 .. 11.
    packed->bottoms = read<uint16_t>(group + Q3_K::kScales + 2 * (b % 4));
    packed->tops = read<uint16_t>(group + Q3_K::kScales + 8 + 2 * (b % 2));
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int b, WeightBlock* block) {
    uint32_t high[8];
    packed.levels.unpack(block->q);
    packed.high.unpack(high);
    QWQ_UNROLL
    for (int i = 0; i < 8; ++i) {
      const uint32_t low = block->q[i] >> (2 * (b % 4)) & 0x03030303u;
      block->q[i] = minus(low | (high[i] >> b & 0x01010101u) << 2, 4);
    }
    block->d = half_to_float(packed.d);
    const uint32_t bottoms = uint32_t{packed.bottoms} >> (4 * (b / 4));
    const uint32_t tops = uint32_t{packed.tops} >> (2 * (b / 2));
    block->s[0] = static_cast<int32_t>((bottoms & 15) | (tops & 3) << 4) - 32;
    block->s[1] = static_cast<int32_t>((bottoms >> 8 & 15) | (tops >> 8 & 3) << 4) - 32;
  }
};

}  // namespace qwq::cuda
