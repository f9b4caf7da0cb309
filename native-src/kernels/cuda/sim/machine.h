// The simulated processor: runs the blocks of a launch one after the other in a random order, the threads of
// a block in turns, a random one of those that can go on next.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <source_location>
#include <vector>

#include "kernels/cuda/sim/fiber.h"
#include "kernels/cuda/sim/memory.h"

namespace qwq::cuda::sim {

inline constexpr int kWarp = 32;
inline constexpr uint32_t kAllLanes = 0xffffffffu;
inline constexpr size_t kMostThreads = 1024;
inline constexpr size_t kSharedBytes = 48 * 1024;  // what every block may take without asking

using Site = std::source_location;

struct GridShape {
  uint32_t x = 1;
  uint32_t y = 1;
  uint32_t z = 1;
};

// A copy from global to shared memory that has not arrived yet.
struct PendingCopy {
  Region* target;
  std::byte* dst;
  std::vector<std::byte> bytes;
  int group;
};

struct ThreadState {
  enum class Is { kReady, kWaiting, kDone };
  Is is = Is::kReady;
  Actor actor;
  const char* waits_for = "";
  Site site;
  void* slot = nullptr;  // of a collective operation
  std::deque<PendingCopy> copies;
  int copy_group = 0;  // groups committed so far
};

class Machine {
 public:
  explicit Machine(uint64_t seed) : random_(seed) {}
  Machine(const Machine&) = delete;

  // Runs body() as every thread of the grid. Throws Fault. `early`: see LaunchShape.
  void run(const char* kernel, GridShape grid, uint32_t threads, bool early,
           const std::function<void()>& body);

  // Of the thread that runs now, on this thread of the host.
  static Machine& current() { return *current_; }
  static const Actor& actor() { return current_->running_->actor; }
  ThreadState& running() { return *running_; }
  uint32_t thread() const { return running_->actor.now.thread; }
  uint32_t lane() const { return thread() % kWarp; }
  uint32_t block_threads() const { return n_threads_; }
  GridShape block() const { return block_; }
  GridShape grid() const { return grid_; }

  // __syncthreads
  void sync_block(Site site);

  // Waits until all lanes of the mask have called it at the same site. The last one calls combine(slots),
  // where slots[l] is what lane l brought.
  void collect(const char* what, uint32_t mask, void* slot, Site site,
               const std::function<void(void* const (&)[kWarp])>& combine);

  // __syncwarp
  void sync_warp(uint32_t mask, Site site);

  // The shared array of a declaration, which `key` stands for.
  Region* shared(const void* key, const char* name, size_t bytes, size_t granule);

  Traffic traffic;
  uint64_t matrix_products = 0;  // mma instructions of warps

 private:
  struct Collective {
    const char* what;
    uint32_t mask;
    Site site;
    uint32_t arrived = 0;
    void* slots[kWarp] = {};
  };
  struct SharedArray {
    std::unique_ptr<std::byte[]> memory;
    std::unique_ptr<Region> region;
    bool used = false;  // by the block that runs
  };

  static void thread_main(void* argument);
  void run_block();
  void pause(const char* what, Site site);
  [[noreturn]] void report_deadlock() const;
  std::string where(const ThreadState& thread) const;

  // constinit: read without a wrapper function, whose result GCC's UBSan takes for a null pointer.
  static constinit thread_local Machine* current_;

  std::mt19937_64 random_;
  const std::function<void()>* body_ = nullptr;
  GridShape grid_;
  GridShape block_;
  uint32_t block_index_ = 0;
  uint32_t n_threads_ = 0;
  bool early_ = false;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<ThreadState> threads_;
  ThreadState* running_ = nullptr;
  uint32_t at_barrier_ = 0;
  Site barrier_site_;
  std::vector<std::vector<Collective>> collectives_;  // of each warp, those some lanes wait in
  std::vector<std::pair<const void*, SharedArray>> shared_;
  std::string failure_;  // of the first thread that failed
};

}  // namespace qwq::cuda::sim
