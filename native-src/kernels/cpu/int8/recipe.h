// The int8 recipe of quantised weights: int8 activations, exact integer sums of blocks, f32 beyond.
//
// A row of weights meets a row of activations in groups of 256 elements, eight blocks of 32. Block b adds to
// f32 lane b of eight:
//
//   dot     = sum of (level - kOffset) * q                              exact in int32
//   dot     = s[2b] * (first 16) + s[2b + 1] * (last 16)                if kHalves: scales of 16 elements
//   lane b  = fma(f32(dot), d[b] * scale[b], lane b)
//   lane b  = fma(m[b], scale[b] * f32(sum of q), lane b)               if kMinimum; twice, with m[2b] and
//                                                                       m[2b + 1] over 16 each, if kHalves
//
// d[b] and m[b] are exact in f32, integers stay below 2^24, so their f32 are exact, too. Groups come in
// ascending order; then the sum is ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)), then the bias is added. All
// variants follow this to the letter and give the same bits, whatever the batch and the threads; they differ
// in how they come to the integers, and in what lies in the lanes of a vector (blocks of one row of
// activations in row_wise.h, 8 or 16 rows of activations in panel.h).
//
// Beside the rounding of the activations (scale / 2 an element) the error is at most
// (2 cols / 256 + 2 + 3 + 1) * 2^-24 * sum |scale q w|, where the sum counts both terms of w = d level + m.
#pragma once

#include "formats/bytes.h"

namespace qwq::cpu {

inline constexpr int kGroupElements = 256;

// The numbers of a group beside its levels, for the plain statement of the recipe.
struct GroupScales {
  float d[8];
  float m[16];    // the first 8 if !kHalves
  int32_t s[16];  // if kHalves
};

// What the recipe must know of a format; specialised beside the scalar code that takes a group apart.
//
//   static constexpr int kOffset;      taken off every level
//   static constexpr bool kSigned;     levels are int8 and kOffset is 0; otherwise uint8
//   static constexpr int kLargest;     largest magnitude of a level
//   static constexpr bool kHalves;     scales of 16 elements
//   static constexpr bool kMinimum;    there are m
//   static void levels(const std::byte* group, uint8_t (&levels)[256]);
//   static void scales(const std::byte* group, GroupScales* scales);
template <class Format>
struct Int8Format;

// Bytes of the blocks of a group.
template <class Format>
inline constexpr int kGroupBytes = kGroupElements / Format::kBlockElements * Format::kBlockBytes;

}  // namespace qwq::cpu
