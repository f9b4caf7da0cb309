#pragma once

#include <atomic>

#include "runtime/error.h"

namespace qwq {

// Marks an engine as busy for as long as a call works on its memory. Throws Error(QWQ_INVALID_ARGUMENT) if
// another call does.
class BusyGuard {
 public:
  explicit BusyGuard(std::atomic<bool>& busy) : busy_(busy) {
    if (busy_.exchange(true, std::memory_order_acquire)) {
      invalid("another step of this engine is running");
    }
  }
  ~BusyGuard() { busy_.store(false, std::memory_order_release); }
  BusyGuard(const BusyGuard&) = delete;
  BusyGuard& operator=(const BusyGuard&) = delete;

 private:
  std::atomic<bool>& busy_;
};

}  // namespace qwq
