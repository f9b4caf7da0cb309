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

// What kernels must know of a format. A block is read in two steps, so that the next ones can be on their way
// while one is being multiplied: fetch only loads, and waits for nothing. `group` is the start of a group, b
// the block in it, 0 .. 7.
//
//   static constexpr bool kHalves;   scales of 16 elements
//   static constexpr bool kMinimum;  there are m
//   struct Packed;                   registers that hold what was loaded
//   static QWQ_DEVICE void fetch(Bytes group, int b, Packed* packed);   from global or shared memory
//   static QWQ_DEVICE void unpack(const Packed& packed, int b, WeightBlock* block);
template <class Format>
struct DeviceFormat;

template <class Format>
QWQ_DEVICE void load_block(Global<const uint8_t> group, int b, WeightBlock* block) {
  typename DeviceFormat<Format>::Packed packed;
  DeviceFormat<Format>::fetch(group, b, &packed);
  DeviceFormat<Format>::unpack(packed, b, block);
}

// N words from any address that is a multiple of kAlignment, in loads as wide as that allows. From addresses
// that are multiples of 2 only, whole words around them are read: tensors of the device begin at a multiple
// of 16 and may be read to the next one after their end.
template <int N, int kAlignment>
struct PackedWords {
  static constexpr bool kSkewed = kAlignment < 4;

  // If kSkewed, one more word, and how many bytes too early the first one begins.
  uint32_t whole[kSkewed ? N + 2 : N];

  template <typename Bytes>
  QWQ_DEVICE_MEMBER void fetch(Bytes p) {
    if constexpr (kAlignment >= 16 && N % 4 == 0) {
      QWQ_UNROLL
      for (int i = 0; i < N; i += 4) {
        const Words4 four = read<Words4>(p + 4 * i);
        QWQ_UNROLL
        for (int j = 0; j < 4; ++j) whole[i + j] = four.w[j];
      }
    } else if constexpr (kAlignment >= 8 && N % 2 == 0) {
      QWQ_UNROLL
      for (int i = 0; i < N; i += 2) {
        const Words2 two = read<Words2>(p + 4 * i);
        whole[i] = two.w[0];
        whole[i + 1] = two.w[1];
      }
    } else if constexpr (!kSkewed) {
      QWQ_UNROLL
      for (int i = 0; i < N; ++i) whole[i] = read<uint32_t>(p + 4 * i);
    } else {
      const unsigned skew = misalignment(p, 4);
      const auto words = cast<const uint32_t>(p - skew);
      QWQ_UNROLL
      for (int i = 0; i < N; ++i) whole[i] = words[i];
      whole[N] = words[skew != 0 ? N : N - 1];  // a load on a condition could not be waited for later
      whole[N + 1] = skew;
    }
  }

  QWQ_DEVICE_MEMBER void unpack(uint32_t* words) const {
    QWQ_UNROLL
    for (int i = 0; i < N; ++i) {
      if constexpr (kSkewed) {
        words[i] = funnel_shift(whole[i], whole[i + 1], 8 * whole[N + 1]);
      } else {
        words[i] = whole[i];
      }
    }
  }
};

// Takes n, 0 .. 127, off four bytes of 0 .. 127.
QWQ_DEVICE uint32_t minus(uint32_t bytes, uint32_t n) {
  return ((bytes | 0x80808080u) - n * 0x01010101u) ^ 0x80808080u;
}

// Bit i of the low four bits becomes bit 0 of byte i.
QWQ_DEVICE uint32_t spread_bits(uint32_t bits) { return ((bits & 15) * 0x00204081u) & 0x01010101u; }

}  // namespace qwq::cuda
