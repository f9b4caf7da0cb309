// Tiles in shared memory for ldmatrix, in pieces of 16 bytes.
#pragma once

#include "kernels/cuda/simt.h"

namespace qwq::cuda {

// Where a piece of a row lies, counted in pieces. Rows have kPieces, in an order in which the same piece of
// eight rows lies in different banks.
template <int kPieces>
QWQ_DEVICE int piece_at(int row, int piece) {
  static_assert(kPieces == 4 || kPieces % 8 == 0);
  if constexpr (kPieces == 4) return row * kPieces + (piece ^ (row / 2 % 4));
  return row * kPieces + (piece ^ (row % 8));
}

// The power of two, as an f32's exponent field, that brings `largest` to [2^14, 2^15), where f16 has all its
// precision and sums of products do not overflow; 254 minus it is that of its inverse. Multiplying by either
// is exact.
QWQ_DEVICE int to_half_exponent(float largest) {
  const int exponent = 268 - static_cast<int>(float_bits(largest) >> 23 & 255u);
  return exponent < 1 ? 1 : exponent > 253 ? 253 : exponent;
}
QWQ_DEVICE float power_of_two(int exponent) { return bits_float(static_cast<uint32_t>(exponent) << 23); }

}  // namespace qwq::cuda
