#pragma once

#include "kernels/cpu/activations.h"

namespace qwq::cpu {

// A group of kRows rows of activations, a row in each 32-bit lane of a vector, for multiplying many rows at
// once with weights that are broadcast four levels at a time.
template <int kRows>
struct PackedGroup {
  int8_t q[64][kRows][4];          // four consecutive elements of each row
  float scale[8][kRows];           // of block b
  int32_t half_sums[2][8][kRows];  // of the first and last 16 elements of block b
};

// Lane `lane` of a packed group.
template <int kRows>
QWQ_INLINE void pack_row(const ActivationGroup& group, int lane, PackedGroup<kRows>* packed) {
  for (int i = 0; i < 64; ++i) __builtin_memcpy(packed->q[i][lane], group.q + 4 * i, 4);
  for (int b = 0; b < 8; ++b) {
    packed->scale[b][lane] = group.scale[b];
    for (int half = 0; half < 2; ++half) packed->half_sums[half][b][lane] = group.half_sums[half][b];
  }
}

// Group g of up to kRows rows of x, [n_rows, cols]; lanes beyond n_rows are zero.
template <class V, int kRows>
void pack_group(const float* x, int64_t cols, int64_t n_rows, int64_t g, PackedGroup<kRows>* packed) {
  if (n_rows < kRows) __builtin_memset(packed, 0, sizeof(*packed));
  const int64_t column = g * kGroupElements;
  for (int64_t r = 0; r < n_rows; ++r) {
    ActivationGroup group;
    quantize_group<V>(x + r * cols + column, cols - column, &group);
    pack_row(group, static_cast<int>(r), packed);
  }
}

}  // namespace qwq::cpu
