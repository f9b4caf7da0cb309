// Arithmetic on sizes that come from outside: wraps are errors, never small numbers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/error.h"

namespace qwq {

// a * b; `what` names the product in the message.
inline size_t checked_mul(size_t a, size_t b, const char* what) {
  size_t product;
  if (__builtin_mul_overflow(a, b, &product)) invalid("%s: %zu * %zu is too large", what, a, b);
  return product;
}

inline size_t checked_add(size_t a, size_t b, const char* what) {
  size_t sum;
  if (__builtin_add_overflow(a, b, &sum)) invalid("%s: %zu + %zu is too large", what, a, b);
  return sum;
}

}  // namespace qwq
