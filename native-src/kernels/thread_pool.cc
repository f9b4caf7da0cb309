#include "kernels/thread_pool.h"

#include <atomic>
#include <thread>
#include <vector>

#include "kernels/affinity.h"

namespace qwq {
namespace {

// About 50 microseconds: longer than the serial work between two operators, far shorter than what a user
// would notice on the battery.
constexpr int kSpins = 1000;

// `gate` holds the number of workers inside the section, and this bit while it may be entered.
constexpr uint32_t kOpen = 0x80000000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns when value != old: spins, then parks on a futex.
void wait_for_change(const std::atomic<uint32_t>& value, uint32_t old, int spins) {
  for (int i = 0; i < spins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    relax();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

// Tasks [next, end) that nobody has taken yet. A line of its own: taking one costs next to nothing as long as
// only its owner does.
struct alignas(64) TaskRange {
  std::atomic<int64_t> next = 0;
  int64_t end = 0;  // written while the gate is closed and nobody is inside
};

// A section is published by opening the gate and raising the epoch. Workers enter through the gate; the
// caller closes it once no task is left and waits for those inside. A worker that wakes too late finds
// the gate closed, so a short section never waits for a sleeper.
struct ThreadPool::State {
  std::vector<std::thread> threads;
  int spins = 0;
  std::vector<int> processors;    // of the workers, or empty: not pinned
  std::thread::id pinned_caller;  // no other thread runs sections meanwhile

  alignas(64) std::atomic<uint32_t> epoch = 0;
  alignas(64) std::atomic<uint32_t> gate = 0;
  std::atomic<bool> stopping = false;

  // Written by the caller while the gate is closed and nobody is inside.
  alignas(64) void (*fn)(void* arg, int64_t task, int worker) = nullptr;
  void* arg = nullptr;
  std::vector<TaskRange> ranges;  // one for each worker

  // Memory is read at full speed in long ascending streams only: a worker takes the tasks of its own range
  // one after the other, and those that others have left when it has none.
  void take_tasks(int worker) {
    const size_t n = ranges.size();
    for (size_t i = 0; i < n; ++i) {
      TaskRange& range = ranges[(static_cast<size_t>(worker) + i) % n];
      for (;;) {
        const int64_t task = range.next.fetch_add(1, std::memory_order_relaxed);
        if (task >= range.end) break;
        fn(arg, task, worker);
      }
    }
  }

  void divide(int64_t n_tasks) {
    const int64_t n = static_cast<int64_t>(ranges.size());
    const int64_t share = n_tasks / n;
    const int64_t rest = n_tasks % n;  // the first ranges get one more
    for (int64_t i = 0; i < n; ++i) {
      TaskRange& range = ranges[static_cast<size_t>(i)];
      range.next.store(i * share + (i < rest ? i : rest), std::memory_order_relaxed);
      range.end = (i + 1) * share + (i + 1 < rest ? i + 1 : rest);
    }
  }

  bool enter() {
    uint32_t inside = gate.load(std::memory_order_relaxed);
    while ((inside & kOpen) != 0) {
      if (gate.compare_exchange_weak(inside, inside + 1, std::memory_order_acquire)) return true;
    }
    return false;
  }

  void leave() {
    if (gate.fetch_sub(1, std::memory_order_acq_rel) == 1) gate.notify_one();  // closed, and the last
  }

  void pin(int worker) const {
    if (!processors.empty()) pin_to_processor(processors[static_cast<size_t>(worker)]);
  }

  void pin_caller() {
    if (processors.empty() || pinned_caller == std::this_thread::get_id()) return;
    pin(0);
    pinned_caller = std::this_thread::get_id();
  }

  void worker_loop(int worker) {
    pin(worker);
    uint32_t seen = 0;
    for (;;) {
      wait_for_change(epoch, seen, spins);
      seen = epoch.load(std::memory_order_acquire);
      if (stopping.load(std::memory_order_relaxed)) return;
      if (enter()) {
        take_tasks(worker);
        leave();
      }
    }
  }

  void raise_epoch() {
    epoch.fetch_add(1, std::memory_order_release);
    epoch.notify_all();
  }

  void join() {
    stopping.store(true, std::memory_order_relaxed);  // the epoch publishes it
    raise_epoch();
    for (std::thread& thread : threads) thread.join();
  }
};

ThreadPool::ThreadPool(int n_threads, bool pin) : state_(std::make_unique<State>()) {
  const std::vector<int> allowed = allowed_processors();
  const size_t cores = allowed.empty() ? std::thread::hardware_concurrency() : allowed.size();
  const size_t wanted = static_cast<size_t>(n_threads > 0 ? n_threads : 0);
  // Spinning helps only when everyone has a core.
  if (wanted <= cores) state_->spins = kSpins;
  if (pin && wanted <= allowed.size()) state_->processors = allowed;
  try {
    state_->ranges = std::vector<TaskRange>(static_cast<size_t>(n_threads > 0 ? n_threads : 1));
    state_->threads.reserve(static_cast<size_t>(n_threads > 0 ? n_threads - 1 : 0));
    for (int worker = 1; worker < n_threads; ++worker) {
      state_->threads.emplace_back([state = state_.get(), worker] { state->worker_loop(worker); });
    }
  } catch (...) {
    state_->join();
    throw;
  }
}

ThreadPool::~ThreadPool() { state_->join(); }

int ThreadPool::size() const { return static_cast<int>(state_->threads.size()) + 1; }

void ThreadPool::run(int64_t n_tasks, void (*fn)(void* arg, int64_t task, int worker), void* arg) {
  State& state = *state_;
  state.pin_caller();
  if (state.threads.empty() || n_tasks <= 1) {
    for (int64_t task = 0; task < n_tasks; ++task) fn(arg, task, 0);
    return;
  }
  state.fn = fn;
  state.arg = arg;
  state.divide(n_tasks);
  state.gate.store(kOpen, std::memory_order_release);
  state.raise_epoch();
  state.take_tasks(0);
  uint32_t inside = state.gate.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen;
  while (inside != 0) {
    wait_for_change(state.gate, inside, state.spins);
    inside = state.gate.load(std::memory_order_acquire);
  }
}

}  // namespace qwq
