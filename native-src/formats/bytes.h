// Reading and writing numbers at any alignment. Files are little-endian, and so must the machine be.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "formats/half.h"

static_assert(std::endian::native == std::endian::little);

namespace qwq {

template <typename T>
QWQ_INLINE T load(const std::byte* p) {
  T value;
  __builtin_memcpy(&value, p, sizeof(T));
  return value;
}

template <typename T>
QWQ_INLINE void store(std::byte* p, T value) {
  __builtin_memcpy(p, &value, sizeof(T));
}

QWQ_INLINE uint32_t u8(const std::byte* p) { return static_cast<uint32_t>(*p); }
QWQ_INLINE int32_t i8(const std::byte* p) { return static_cast<int8_t>(*p); }

}  // namespace qwq
