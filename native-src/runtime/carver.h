#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/checked.h"

namespace qwq {

// Hands out consecutive, aligned pieces of a region; with a null base it only adds up their sizes, so that
// size and layout come from the same lines.
class Carver {
 public:
  explicit Carver(std::byte* base) : base_(base) {}

  template <typename T>
  T* take(int64_t rows, int64_t cols = 1) {
    const size_t count = checked_mul(static_cast<size_t>(rows), static_cast<size_t>(cols), "workspace");
    const size_t offset = used_;
    const size_t end = checked_add(offset, checked_mul(count, sizeof(T), "workspace"), "workspace");
    used_ = checked_add(end, kAlignment - 1, "workspace") / kAlignment * kAlignment;
    return base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + offset);
  }

  size_t used() const { return used_; }

 private:
  static constexpr size_t kAlignment = 64;
  std::byte* base_;
  size_t used_ = 0;
};

}  // namespace qwq
