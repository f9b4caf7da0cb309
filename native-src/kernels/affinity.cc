#include "kernels/affinity.h"

#if defined(__linux__)
#include <sched.h>

#include <cerrno>
#include <memory>
#endif

namespace qwq {

#if defined(__linux__)

namespace {

struct FreeSet {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};

}  // namespace

std::vector<int> allowed_processors() {
  // The kernel refuses a set smaller than its own, whose size it does not tell.
  constexpr int kMost = 1 << 20;
  for (int size = 1024; size <= kMost; size *= 2) {
    const std::unique_ptr<cpu_set_t, FreeSet> set(CPU_ALLOC(static_cast<size_t>(size)));
    if (set == nullptr) return {};
    const size_t bytes = CPU_ALLOC_SIZE(static_cast<size_t>(size));
    CPU_ZERO_S(bytes, set.get());
    if (sched_getaffinity(0, bytes, set.get()) == 0) {
      std::vector<int> allowed;
      for (int processor = 0; processor < size; ++processor) {
        if (CPU_ISSET_S(static_cast<size_t>(processor), bytes, set.get())) allowed.push_back(processor);
      }
      return allowed;
    }
    if (errno != EINVAL) return {};
  }
  return {};
}

bool pin_to_processor(int processor) {
  const size_t size = static_cast<size_t>(processor) + 1;
  const std::unique_ptr<cpu_set_t, FreeSet> set(CPU_ALLOC(size));
  if (set == nullptr) return false;
  const size_t bytes = CPU_ALLOC_SIZE(size);
  CPU_ZERO_S(bytes, set.get());
  CPU_SET_S(static_cast<size_t>(processor), bytes, set.get());
  return sched_setaffinity(0, bytes, set.get()) == 0;
}

#else

std::vector<int> allowed_processors() { return {}; }
bool pin_to_processor(int) { return false; }

#endif

}  // namespace qwq
