// Formats with blocks of 32 elements.
#pragma once

#include "formats/iq4_nl.h"
#include "formats/q4_0.h"
#include "formats/q4_1.h"
#include "formats/q5_0.h"
#include "formats/q5_1.h"
#include "formats/q8_0.h"
#include "kernels/cuda/formats/iq4.cuh"
#include "kernels/cuda/formats/weight_block.cuh"

namespace qwq::cuda {

template <>
struct DeviceFormat<Q8_0> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  struct Packed {
    uint16_t d;
    PackedWords<8, 2> words;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    const Bytes p = group + b * Q8_0::kBlockBytes;
    packed->d = read<uint16_t>(p);
    packed->words.fetch(p + Q8_0::kLevels);
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int, WeightBlock* block) {
    block->d = half_to_float(packed.d);
    packed.words.unpack(block->q);
  }
};

// Low nibbles of four words are elements 0 .. 15, high ones 16 .. 31.
QWQ_DEVICE void split_nibbles(const uint32_t* words, uint32_t* q) {
  QWQ_UNROLL
  for (int i = 0; i < 4; ++i) {
    q[i] = words[i] & 0x0f0f0f0fu;
    q[i + 4] = words[i] >> 4 & 0x0f0f0f0fu;
  }
}

// Bit i of `high` is the fifth bit of element i.
QWQ_DEVICE void add_fifth_bits(uint32_t high, uint32_t* q) {
  QWQ_UNROLL
  for (int i = 0; i < 8; ++i) q[i] |= spread_bits(high >> (4 * i)) << 4;
}

template <>
struct DeviceFormat<Q4_0> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  struct Packed {
    uint16_t d;
    PackedWords<4, 2> words;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    const Bytes p = group + b * Q4_0::kBlockBytes;
    packed->d = read<uint16_t>(p);
    packed->words.fetch(p + Q4_0::kLevels);
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int, WeightBlock* block) {
    block->d = half_to_float(packed.d);
    uint32_t words[4];
    packed.words.unpack(words);
    split_nibbles(words, block->q);
    QWQ_UNROLL
    for (int i = 0; i < 8; ++i) block->q[i] = minus(block->q[i], 8);
  }
};

template <>
struct DeviceFormat<Q4_1> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = true;

  struct Packed {
    uint16_t d;
    uint16_t m;
    PackedWords<4, 4> words;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    const Bytes p = group + b * Q4_1::kBlockBytes;
    packed->d = read<uint16_t>(p);
    packed->m = read<uint16_t>(p + Q4_1::kMinimum);
    packed->words.fetch(p + Q4_1::kLevels);
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int, WeightBlock* block) {
    block->d = half_to_float(packed.d);
    block->m[0] = half_to_float(packed.m);
    uint32_t words[4];
    packed.words.unpack(words);
    split_nibbles(words, block->q);
  }
};

template <>
struct DeviceFormat<Q5_0> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  struct Packed {
    uint16_t d;
    PackedWords<5, 2> words;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    const Bytes p = group + b * Q5_0::kBlockBytes;
    packed->d = read<uint16_t>(p);
    packed->words.fetch(p + Q5_0::kHighBits);
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int, WeightBlock* block) {
    block->d = half_to_float(packed.d);
    uint32_t words[5];  // high bits and levels
    packed.words.unpack(words);
    split_nibbles(words + 1, block->q);
    add_fifth_bits(words[0], block->q);
    QWQ_UNROLL
    for (int i = 0; i < 8; ++i) block->q[i] = minus(block->q[i], 16);
  }
};

template <>
struct DeviceFormat<Q5_1> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = true;

  struct Packed {
    uint16_t d;
    uint16_t m;
    PackedWords<5, 4> words;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    const Bytes p = group + b * Q5_1::kBlockBytes;
    packed->d = read<uint16_t>(p);
    packed->m = read<uint16_t>(p + Q5_1::kMinimum);
    packed->words.fetch(p + Q5_1::kHighBits);
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int, WeightBlock* block) {
    block->d = half_to_float(packed.d);
    block->m[0] = half_to_float(packed.m);
    uint32_t words[5];  // high bits and levels
    packed.words.unpack(words);
    split_nibbles(words + 1, block->q);
    add_fifth_bits(words[0], block->q);
  }
};

template <>
struct DeviceFormat<IQ4_NL> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  struct Packed {
    uint16_t d;
    PackedWords<4, 2> words;
  };

  template <typename Bytes>
  static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed) {
    const Bytes p = group + b * IQ4_NL::kBlockBytes;
    packed->d = read<uint16_t>(p);
    packed->words.fetch(p + IQ4_NL::kLevels);
  }
  static QWQ_DEVICE void unpack(const Packed& packed, int, WeightBlock* block) {
    block->d = half_to_float(packed.d);
    uint32_t words[4];
    packed.words.unpack(words);
    iq4_values(words, block->q);
  }
};

}  // namespace qwq::cuda
