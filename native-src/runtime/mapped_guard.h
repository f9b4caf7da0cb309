#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace qwq {

// Keeps the process alive when a mapped file is truncated by someone else: touching a page that lies wholly
// beyond the new end raises SIGBUS, which would end the process. While a guard watches the range, the handler
// maps zeroed pages over the rest of it, marks every guard that this touches as damaged, and lets the access
// go on; whoever computes with the range has to look at damaged() before believing a result. Bytes of the
// page in which the file now ends read as zero without a signal and go unnoticed.
//
// This is the only process-wide state of the library: a handler, installed by the first guard and left in
// place, which hands every other fault to the handler it found (the JVM's), or to the default action.
// Effective on Linux only.
class MappedGuard {
 public:
  // Room for `max_ranges`. Throws Error(QWQ_INTERNAL) if the handler cannot be installed.
  explicit MappedGuard(size_t max_ranges);
  ~MappedGuard();
  MappedGuard(const MappedGuard&) = delete;
  MappedGuard& operator=(const MappedGuard&) = delete;

  // Watches the pages of [data, data + bytes). By one thread at a time.
  void watch(const void* data, size_t bytes);

  bool damaged() const { return damaged_.load(std::memory_order_acquire); }

 private:
  friend struct GuardHandler;

  // Whole pages. Written before n_ranges_ admits it, since the handler may look at any time.
  struct Range {
    std::atomic<uintptr_t> begin{0};
    std::atomic<uintptr_t> end{0};
  };

  std::vector<Range> ranges_;
  std::atomic<size_t> n_ranges_{0};
  std::atomic<bool> damaged_{false};
  std::atomic<MappedGuard*> next_{nullptr};  // in the list of all guards
};

}  // namespace qwq
