#pragma once

#include <cstddef>
#include <cstdint>

namespace qwq {

// Values are those of enum qwq_dtype.
enum class DType : int32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ4_NL = 20,
  kIQ4_XS = 23,
  kBF16 = 30,
};

// A weight where it lies: row-major blocks of a format, any alignment.
struct Tensor {
  const std::byte* data = nullptr;
  size_t row_bytes = 0;  // cols / block_elements * block_bytes
  int64_t rows = 0;
  int64_t cols = 0;
  DType dtype = DType::kF32;

  const std::byte* row(int64_t r) const { return data + static_cast<size_t>(r) * row_bytes; }
  bool present() const { return data != nullptr; }
};

}  // namespace qwq
