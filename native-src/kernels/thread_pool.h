#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace qwq {

// Fork-join pool for operators: the calling thread is worker 0, n_threads - 1 others are parked between
// parallel sections. One section at a time.
class ThreadPool {
 public:
  // `pin`: every worker stays on a processor of its own among those the creating thread may use. The caller
  // is bound when it first runs a section and stays so. Without effect where there are fewer processors than
  // workers. Throws std::system_error when a thread cannot be started.
  explicit ThreadPool(int n_threads, bool pin = false);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const;

  // Calls fn(arg, task, worker) for every task in [0, n_tasks), each exactly once; returns when all are done.
  // A worker begins with a contiguous share of its own, in ascending order, and helps others then: which one
  // takes a task is not determined, so results must not depend on it. fn must not throw.
  void run(int64_t n_tasks, void (*fn)(void* arg, int64_t task, int worker), void* arg);

  template <typename F>
  void parallel_for(int64_t n_tasks, F&& body) {
    run(
        n_tasks,
        [](void* arg, int64_t task, int worker) {
          (*static_cast<std::remove_reference_t<F>*>(arg))(task, worker);
        },
        &body);
  }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace qwq
