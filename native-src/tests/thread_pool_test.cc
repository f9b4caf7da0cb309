#include "kernels/thread_pool.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "kernels/affinity.h"
#include "tests/check.h"

namespace qwq {
namespace {

double seconds(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

TEST(every_task_runs_once_for_all_sizes) {
  for (const int n_threads : {1, 2, 3, 4, 7, 32}) {
    ThreadPool pool(n_threads);
    CHECK_EQ(pool.size(), n_threads);
    for (const int64_t n_tasks : {0, 1, 2, 3, 5, 31, 32, 33, 100, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(n_tasks));
      std::atomic<bool> worker_in_range = true;
      pool.parallel_for(n_tasks, [&](int64_t task, int worker) {
        ++runs[static_cast<size_t>(task)];
        if (worker < 0 || worker >= n_threads) worker_in_range = false;
      });
      for (const std::atomic<int>& n : runs) CHECK_EQ(n.load(), 1);
      CHECK(worker_in_range.load());
    }
  }
}

// Long ascending streams are what memory is fast at.
TEST(a_worker_begins_with_a_contiguous_share_in_ascending_order) {
  constexpr int64_t kTasks = 1000;
  for (const int n_threads : {1, 2, 3, 7}) {
    ThreadPool pool(n_threads);
    std::vector<std::vector<int64_t>> taken(static_cast<size_t>(n_threads));
    pool.parallel_for(kTasks, [&](int64_t task, int worker) {
      taken[static_cast<size_t>(worker)].push_back(task);
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    });
    for (int worker = 0; worker < n_threads; ++worker) {
      const int64_t share = kTasks / n_threads;
      const int64_t rest = kTasks % n_threads;
      const int64_t first = worker * share + std::min<int64_t>(worker, rest);
      const int64_t end = first + share + (worker < rest ? 1 : 0);
      // Others may take the share of a worker that is late or stopped meanwhile; what it takes itself comes
      // in order, and before what it takes from others.
      int64_t before = first - 1;
      for (const int64_t task : taken[static_cast<size_t>(worker)]) {
        const bool own = first <= task && task < end;
        if (own) CHECK(task > before);
        before = own ? task : kTasks;
      }
    }
  }
}

TEST(writes_of_tasks_are_seen_after_the_section_and_in_the_next) {
  ThreadPool pool(4);
  std::vector<int64_t> values(257, 0);
  for (int round = 0; round < 2000; ++round) {
    // Plain memory on purpose: the pool must order it, as a thread sanitiser can check.
    pool.parallel_for(static_cast<int64_t>(values.size()),
                      [&](int64_t task, int) { values[static_cast<size_t>(task)] += task + round; });
  }
  for (size_t i = 0; i < values.size(); ++i) {
    CHECK_EQ(values[i], static_cast<int64_t>(i) * 2000 + 1999 * 2000 / 2);
  }
}

TEST(many_short_sections) {
  for (const int n_threads : {2, 16}) {
    ThreadPool pool(n_threads);
    std::atomic<int64_t> total = 0;
    for (int i = 0; i < 20000; ++i) {
      pool.parallel_for(i % 4, [&](int64_t, int) { total.fetch_add(1, std::memory_order_relaxed); });
    }
    CHECK_EQ(total.load(), 20000 / 4 * (0 + 1 + 2 + 3));
  }
}

TEST(a_worker_index_is_never_used_by_two_at_once) {
  ThreadPool pool(8);
  std::vector<std::atomic<int>> busy(8);
  std::atomic<bool> clash = false;
  for (int i = 0; i < 200; ++i) {
    pool.parallel_for(64, [&](int64_t, int worker) {
      if (busy[static_cast<size_t>(worker)].fetch_add(1) != 0) clash = true;
      std::this_thread::yield();
      busy[static_cast<size_t>(worker)].fetch_sub(1);
    });
  }
  CHECK(!clash.load());
}

TEST(tasks_do_run_in_parallel) {
  // Two tasks that wait for each other end only if two threads take them.
  ThreadPool pool(2);
  std::atomic<int> arrived = 0;
  pool.parallel_for(2, [&](int64_t, int) {
    ++arrived;
    while (arrived.load() < 2) std::this_thread::yield();
  });
  CHECK_EQ(arrived.load(), 2);
}

TEST(pools_are_independent) {
  ThreadPool outer(3);
  std::atomic<int> total = 0;
  std::vector<std::unique_ptr<ThreadPool>> inner;
  for (int i = 0; i < 6; ++i) inner.push_back(std::make_unique<ThreadPool>(2));
  outer.parallel_for(6, [&](int64_t task, int) {
    inner[static_cast<size_t>(task)]->parallel_for(10, [&](int64_t, int) { ++total; });
  });
  CHECK_EQ(total.load(), 60);
}

TEST(idle_workers_use_no_processor) {
  ThreadPool pool(2);
  pool.parallel_for(2, [](int64_t, int) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // past the spinning
  const double before = seconds(CLOCK_PROCESS_CPUTIME_ID);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const double used = seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
  // A spinning worker would use 0.2 s.
  CHECK(used < 0.05);
}

// In a thread of its own, so that the binding ends with the test.
template <typename F>
void in_a_thread(F&& body) {
  std::exception_ptr failure;
  std::thread([&] {
    try {
      body();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

// Where each worker may run, asked from a section in which all workers meet.
std::vector<std::vector<int>> processors_of_workers(ThreadPool& pool) {
  std::vector<std::vector<int>> allowed(static_cast<size_t>(pool.size()));
  std::atomic<int> arrived = 0;
  pool.parallel_for(pool.size(), [&](int64_t, int worker) {
    allowed[static_cast<size_t>(worker)] = allowed_processors();
    ++arrived;
    while (arrived.load() < pool.size()) std::this_thread::yield();
  });
  return allowed;
}

TEST(pinned_workers_have_a_processor_each) {
  in_a_thread([] {
    const std::vector<int> allowed = allowed_processors();
    ThreadPool pool(static_cast<int>(std::min<size_t>(allowed.size(), 4)), true);
    std::set<int> used;
    for (const std::vector<int>& processors : processors_of_workers(pool)) {
      CHECK_EQ(processors.size(), size_t{1});
      CHECK(std::find(allowed.begin(), allowed.end(), processors[0]) != allowed.end());
      CHECK(used.insert(processors[0]).second);
    }
  });
}

TEST(more_workers_than_processors_are_not_pinned) {
  in_a_thread([] {
    CHECK(pin_to_processor(allowed_processors().back()));  // as taskset would
    ThreadPool pool(3, true);
    for (const std::vector<int>& processors : processors_of_workers(pool)) {
      CHECK_EQ(processors.size(), size_t{1});  // all on the one that is left
    }
  });
  in_a_thread([] {
    const std::vector<int> allowed = allowed_processors();
    ThreadPool pool(static_cast<int>(allowed.size()) + 1, true);
    for (const std::vector<int>& processors : processors_of_workers(pool)) CHECK(processors == allowed);
  });
}

TEST(unpinned_workers_run_anywhere) {
  const std::vector<int> allowed = allowed_processors();
  ThreadPool pool(2);
  for (const std::vector<int>& processors : processors_of_workers(pool)) CHECK(processors == allowed);
}

TEST(creating_and_destroying_without_work) {
  for (int i = 0; i < 50; ++i) ThreadPool pool(1 + i % 5);
}

}  // namespace qwq

QWQ_TEST_MAIN
