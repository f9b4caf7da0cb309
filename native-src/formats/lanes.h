// Four floats at a time with the baseline instructions of every processor, so that quantising and random
// numbers are quick and give the same bits everywhere.
#pragma once

#include <cstdint>
#include <cstring>

namespace qwq {

using Float4 = float __attribute__((vector_size(16)));
using Int4 = int32_t __attribute__((vector_size(16)));
using UInt4 = uint32_t __attribute__((vector_size(16)));

inline Float4 splat4(float value) { return Float4{value, value, value, value}; }

inline Float4 load4(const float* p) {
  Float4 value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

inline void store4(float* p, Float4 value) { std::memcpy(p, &value, sizeof(value)); }

inline Float4 min4(Float4 a, Float4 b) { return a < b ? a : b; }
inline Float4 max4(Float4 a, Float4 b) { return a > b ? a : b; }

// Adding 1.5 * 2^23 leaves no bits for the fraction: rounds |value| < 2^22 to nearest, ties to even.
constexpr float kRoundingShift = 12582912.0f;
inline Float4 round4(Float4 value) { return (value + kRoundingShift) - kRoundingShift; }

inline float sum4(Float4 v) { return (v[0] + v[2]) + (v[1] + v[3]); }

}  // namespace qwq
