// What tests have to know of the insides of quantised blocks.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "formats/bytes.h"
#include "runtime/tensor.h"

namespace qwq::test {

// Where a block has its f16 numbers: scales and, where there are any, units of the minimums.
inline std::vector<int> f16_offsets(DType dtype) {
  switch (dtype) {
    case DType::kQ2_K:
      return {80, 82};
    case DType::kQ3_K:
      return {108};
    case DType::kQ4_1:
    case DType::kQ5_1:
    case DType::kQ4_K:
    case DType::kQ5_K:
      return {0, 2};
    case DType::kQ6_K:
      return {208};
    default:
      return {0};
  }
}

inline int byte_at(const std::byte* p, int i) { return static_cast<int>(p[i]); }

// Scale and minimum of sub-block j of Q4_K and Q5_K.
inline int k_scale(const std::byte* p, int j) {
  return j < 4 ? byte_at(p, 4 + j) % 64 : byte_at(p, 8 + j) % 16 + byte_at(p, j) / 64 * 16;
}
inline int k_minimum(const std::byte* p, int j) {
  return j < 4 ? byte_at(p, 8 + j) % 64 : byte_at(p, 8 + j) / 16 + byte_at(p, 4 + j) / 64 * 16;
}

// An f16 by its definition.
inline double f16_at(const std::byte* p, int offset) {
  const int bits = byte_at(p, offset) | byte_at(p, offset + 1) << 8;
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

// The number that is added to scale * level for element i of a block; 0 in formats without minimums.
inline double minimum_of(DType dtype, const std::byte* block, int i) {
  switch (dtype) {
    case DType::kQ4_1:
    case DType::kQ5_1:
      return f16_at(block, 2);
    case DType::kQ2_K:
      return -f16_at(block, 82) * (byte_at(block, i / 16) / 16);
    case DType::kQ4_K:
    case DType::kQ5_K:
      return -f16_at(block, 2) * k_minimum(block, i / 32);
    default:
      return 0;
  }
}

}  // namespace qwq::test
