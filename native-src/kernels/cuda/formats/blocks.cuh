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

  static QWQ_DEVICE void load(Global<const uint8_t> group, int b, WeightBlock* block) {
    const Global<const uint8_t> p = group + b * Q8_0::kBlockBytes;
    block->d = load_half(p);
    load_words<8, 2>(p + Q8_0::kLevels, block->q);
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

  static QWQ_DEVICE void load(Global<const uint8_t> group, int b, WeightBlock* block) {
    const Global<const uint8_t> p = group + b * Q4_0::kBlockBytes;
    uint32_t words[4];
    block->d = load_half(p);
    load_words<4, 2>(p + Q4_0::kLevels, words);
    split_nibbles(words, block->q);
    QWQ_UNROLL
    for (int i = 0; i < 8; ++i) block->q[i] = minus(block->q[i], 8);
  }
};

template <>
struct DeviceFormat<Q4_1> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = true;

  static QWQ_DEVICE void load(Global<const uint8_t> group, int b, WeightBlock* block) {
    const Global<const uint8_t> p = group + b * Q4_1::kBlockBytes;
    uint32_t words[4];
    block->d = load_half(p);
    block->m[0] = load_half(p + Q4_1::kMinimum);
    load_words<4, 4>(p + Q4_1::kLevels, words);
    split_nibbles(words, block->q);
  }
};

template <>
struct DeviceFormat<Q5_0> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  static QWQ_DEVICE void load(Global<const uint8_t> group, int b, WeightBlock* block) {
    const Global<const uint8_t> p = group + b * Q5_0::kBlockBytes;
    uint32_t words[5];  // high bits and levels
    block->d = load_half(p);
    load_words<5, 2>(p + Q5_0::kHighBits, words);
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

  static QWQ_DEVICE void load(Global<const uint8_t> group, int b, WeightBlock* block) {
    const Global<const uint8_t> p = group + b * Q5_1::kBlockBytes;
    uint32_t words[5];
    block->d = load_half(p);
    block->m[0] = load_half(p + Q5_1::kMinimum);
    load_words<5, 4>(p + Q5_1::kHighBits, words);
    split_nibbles(words + 1, block->q);
    add_fifth_bits(words[0], block->q);
  }
};

template <>
struct DeviceFormat<IQ4_NL> {
  static constexpr bool kHalves = false;
  static constexpr bool kMinimum = false;

  static QWQ_DEVICE void load(Global<const uint8_t> group, int b, WeightBlock* block) {
    const Global<const uint8_t> p = group + b * IQ4_NL::kBlockBytes;
    uint32_t words[4];
    block->d = load_half(p);
    load_words<4, 2>(p + IQ4_NL::kLevels, words);
    iq4_values(words, block->q);
  }
};

}  // namespace qwq::cuda
