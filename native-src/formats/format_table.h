#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/tensor.h"

namespace qwq {

// What the rest of the library knows of a format.
struct FormatInfo {
  DType dtype;
  const char* name;  // "Q4_K"
  int block_elements;
  int block_bytes;
  // n is a whole number of blocks; src at any alignment; exactly n / block_elements * block_bytes bytes are
  // read or written.
  void (*dequantize_row)(const std::byte* src, float* dst, int64_t n);
  // Values must be finite; what the format cannot reach saturates.
  void (*quantize_row)(const float* src, std::byte* dst, int64_t n);
};

// Null for a value that names no format.
const FormatInfo* find_format(DType dtype);

// All formats, in ascending order of their dtype.
std::span<const FormatInfo> all_formats();

}  // namespace qwq
