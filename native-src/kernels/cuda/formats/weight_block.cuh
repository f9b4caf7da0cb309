// How kernels see weights: 32 elements of a group of 256, as the int8 recipe wants them (see
// kernels/cpu/int8/recipe.h; the names are the same).
#pragma once

#include "formats/bytes.h"
#include "kernels/cuda/simt.h"

namespace qwq::cuda {

inline constexpr int kGroupElements = 256;
inline constexpr int kBlocksOfGroup = 8;

// Bytes of the blocks of a group.
template <class Format>
inline constexpr int kGroupBytes = kGroupElements / Format::kBlockElements* Format::kBlockBytes;

struct WeightBlock {
  uint32_t q[8];  // levels as int8, element 4 i + j in byte j of word i
  float d;
  float m[2];    // if kMinimum: of both halves if kHalves, else m[0]
  int32_t s[2];  // if kHalves
};

// What kernels must know of a format. `group` is the start of a group, b the block in it, 0 .. 7.
//
//   static constexpr bool kHalves;   scales of 16 elements
//   static constexpr bool kMinimum;  there are m
//   static QWQ_DEVICE void load(Global<const uint8_t> group, int b, WeightBlock* block);
template <class Format>
struct DeviceFormat;

// N words from any address that is a multiple of kAlignment, in loads as wide as that allows. From addresses
// that are multiples of 2 only, whole words around them are read: tensors of the device begin at a multiple
// of 16 and may be read to the next one after their end.
template <int N, int kAlignment>
QWQ_DEVICE void load_words(Global<const uint8_t> p, uint32_t* words) {
  if constexpr (kAlignment >= 16 && N % 4 == 0) {
    QWQ_UNROLL
    for (int i = 0; i < N; i += 4) {
      const Words4 four = read<Words4>(p + 4 * i);
      QWQ_UNROLL
      for (int j = 0; j < 4; ++j) words[i + j] = four.w[j];
    }
  } else if constexpr (kAlignment >= 8 && N % 2 == 0) {
    QWQ_UNROLL
    for (int i = 0; i < N; i += 2) {
      const Words2 two = read<Words2>(p + 4 * i);
      words[i] = two.w[0];
      words[i + 1] = two.w[1];
    }
  } else if constexpr (kAlignment >= 4) {
    QWQ_UNROLL
    for (int i = 0; i < N; ++i) words[i] = read<uint32_t>(p + 4 * i);
  } else {
    const unsigned skew = misalignment(p, 4);
    const Global<const uint32_t> whole = cast<const uint32_t>(p - skew);
    uint32_t low = whole[0];
    QWQ_UNROLL
    for (int i = 0; i < N; ++i) {
      uint32_t high = 0;
      if (i + 1 < N || skew != 0) high = whole[i + 1];
      words[i] = funnel_shift(low, high, 8 * skew);
      low = high;
    }
  }
}

QWQ_DEVICE float load_half(Global<const uint8_t> p) { return half_to_float(read<uint16_t>(p)); }

// Takes n, 0 .. 127, off four bytes of 0 .. 127.
QWQ_DEVICE uint32_t minus(uint32_t bytes, uint32_t n) {
  return ((bytes | 0x80808080u) - n * 0x01010101u) ^ 0x80808080u;
}

// Bit i of the low four bits becomes bit 0 of byte i.
QWQ_DEVICE uint32_t spread_bits(uint32_t bits) { return ((bits & 15) * 0x00204081u) & 0x01010101u; }

}  // namespace qwq::cuda
