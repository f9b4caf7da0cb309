// The simulator itself: kernels that are right run, whatever the order of threads, and each kind of broken
// kernel is caught, whatever the order of threads.
#include <algorithm>
#include <functional>
#include <set>

#include "kernels/cuda/simt.h"
#include "tests/check.h"

namespace qwq::cuda {
namespace {

constexpr uint64_t kSeed = 20250306;
constexpr int kOrders = 20;  // of threads and blocks, each of a seed of its own

// Runs body(stream) in many orders.
void in_all_orders(const std::function<void(Stream&)>& body) {
  for (uint64_t i = 0; i < kOrders; ++i) {
    Stream stream(kSeed + i);
    body(stream);
  }
}

// The message of the fault that body must end with, in every order; it must contain `part`.
std::string fault_of(const char* part, const std::function<void(Stream&)>& body) {
  std::string message;
  in_all_orders([&](Stream& stream) {
    message.clear();
    try {
      body(stream);
    } catch (const sim::Fault& e) {
      message = e.what();
    }
    if (message.find(part) == std::string::npos) {
      test::fail(__FILE__, __LINE__, "expected a fault with \"", part, "\", found \"", message, "\", seed ",
                 stream.seed());
    }
  });
  return message;
}

// ---------------------------------------------------------------- kernels

// Right.
QWQ_KERNEL void double_all(Global<const int> x, Global<int> out, int n) {
  const int i = block_x() * block_threads() + thread_index();
  if (i < n) out[i] = 2 * x[i];
}

// Off by one: reads x[n] and writes out[n].
QWQ_KERNEL void double_one_more(Global<const int> x, Global<int> out, int n) {
  const int i = block_x() * block_threads() + thread_index();
  if (i <= n) out[i] = 2 * x[i];
}

QWQ_KERNEL void double_all_but_last(Global<const int> x, Global<int> out, int n) {
  const int i = block_x() * block_threads() + thread_index();
  if (i < n - 1) out[i] = 2 * x[i];
}

template <bool kBarrier>
QWQ_KERNEL void reverse(Global<const int> x, Global<int> out) {
  QWQ_SHARED(int, tile, 64);
  const int t = thread_index();
  tile[t] = x[t];
  if (kBarrier) sync_block();
  out[t] = tile[63 - t];
}

// Overwrites what others may still have to read.
template <bool kBarrier>
QWQ_KERNEL void rotate_twice(Global<int> out) {
  QWQ_SHARED(int, tile, 64);
  const int t = thread_index();
  tile[t] = t;
  sync_block();
  const int next = tile[(t + 1) % 64];
  if (kBarrier) sync_block();
  tile[t] = next;
  sync_block();
  out[t] = tile[(t + 1) % 64];
}

template <bool kBarrier>
QWQ_KERNEL void swap_lanes(Global<int> out) {
  QWQ_SHARED(int, tile, 32);
  const int lane = lane_index();
  tile[lane] = lane;
  if (kBarrier) sync_warp();
  out[lane] = tile[lane ^ 1];
}

template <bool kBarrier>
QWQ_KERNEL void warp_reads_then_writes(Global<int> out) {
  QWQ_SHARED(int, total, 1);
  const int lane = lane_index();
  if (lane == 0) total[0] = 5;
  sync_warp();
  const int before = total[0];
  if (kBarrier) sync_warp();
  if (lane == 0) total[0] = 6;
  sync_warp();
  out[lane] = before + total[0];
}

void run_64(Stream& stream, void (*kernel)(Global<const int>, Global<int>), std::vector<int>& out) {
  std::vector<int> x(64);
  for (int i = 0; i < 64; ++i) x[static_cast<size_t>(i)] = i;
  out.assign(64, -1);
  Launch launch(stream, "run_64");
  const auto in = launch.in("x", x.data(), 64);
  launch.run({.grid_x = 1, .threads = 64}, kernel, in, launch.out("out", out.data(), 64));
}

template <int kThreads = 32>
std::vector<int> run_out(Stream& stream, void (*kernel)(Global<int>), int blocks = 1) {
  std::vector<int> out(static_cast<size_t>(kThreads * blocks), -1);
  Launch launch(stream, "run_out");
  launch.run({.grid_x = blocks, .threads = kThreads}, kernel, launch.out("out", out.data(), out.size()));
  return out;
}

}  // namespace

TEST(a_right_kernel_gives_its_results_in_any_order) {
  in_all_orders([](Stream& stream) {
    const int n = 1000;
    std::vector<int> x(n), out(n, -1);
    for (int i = 0; i < n; ++i) x[static_cast<size_t>(i)] = i;
    Launch launch(stream, "double_all");
    const auto in = launch.in("x", x.data(), n);
    launch.run({.grid_x = 16, .threads = 64}, double_all, in, launch.out("out", out.data(), n), n);
    for (int i = 0; i < n; ++i) CHECK_EQ(out[static_cast<size_t>(i)], 2 * i);
    CHECK_EQ(stream.counts().at("double_all").traffic.global_read, uint64_t{4 * n});
    CHECK_EQ(stream.counts().at("double_all").blocks, uint64_t{16});
    run_64(stream, reverse<true>, out);
    for (int i = 0; i < 64; ++i) CHECK_EQ(out[static_cast<size_t>(i)], 63 - i);
  });
}

TEST(the_order_follows_from_the_seed) {
  static std::vector<int>* order;
  const auto order_of = [](uint64_t seed) {
    std::vector<int> seen;
    order = &seen;
    Stream stream(seed);
    run_out(
        stream,
        +[](Global<int> out) {
          const int i = block_x() * block_threads() + thread_index();
          order->push_back(i);
          out[i] = 0;
        },
        4);
    return seen;
  };
  CHECK(order_of(1) == order_of(1));
  CHECK(order_of(1) != order_of(2));
  CHECK(!std::is_sorted(order_of(1).begin(), order_of(1).end()));
}

TEST(an_index_off_by_one_is_caught) {
  for (const int n : {63, 64, 65}) {
    const std::string message = fault_of("reads 4 bytes at offset", [n](Stream& stream) {
      std::vector<int> x(static_cast<size_t>(n + 1)), out(static_cast<size_t>(n + 1));
      Launch launch(stream, "double_one_more");
      const auto in = launch.in("x", x.data(), static_cast<size_t>(n));
      launch.run({.grid_x = 2, .threads = 64}, double_one_more, in,
                 launch.out("out", out.data(), static_cast<size_t>(n)), n);
    });
    CHECK(message.find("double_one_more, block (") == 0);
    CHECK(message.find("thread " + std::to_string(n % 64)) != std::string::npos);
    CHECK(message.find("of x, which has " + std::to_string(4 * n)) != std::string::npos);
    CHECK(message.find("simulator seed ") != std::string::npos);
  }
  fault_of("writes 4 bytes at offset 128 of out", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) { out[thread_index() + 1] = 0; });
  });
  fault_of("reads 4 bytes at offset -4 of tile", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) {
          QWQ_SHARED(int, tile, 33);
          tile[thread_index()] = 1;
          sync_block();
          out[thread_index()] = tile[thread_index() - 1];
        });
  });
}

TEST(what_lies_between_rows_is_out_of_bounds) {
  const auto write_columns = [](Stream& stream, int rows, int cols) {
    std::vector<int> out(2 * 5 + 3, -1);
    Launch launch(stream, "rows");
    launch.run(
        {.grid_x = 1, .threads = 32},
        +[](Global<int> out, int rows, int cols) {
          const int t = thread_index();
          if (t < rows * cols) out[t / cols * 5 + t % cols] = t;
        },
        launch.out("out", out.data(), 3, 3, 5), rows, cols);
    return out;
  };
  in_all_orders([&](Stream& stream) {
    CHECK(write_columns(stream, 3, 3) == std::vector<int>({0, 1, 2, -1, -1, 3, 4, 5, -1, -1, 6, 7, 8}));
  });
  fault_of("between its rows", [&](Stream& stream) { write_columns(stream, 2, 4); });
  fault_of("was not written", [&](Stream& stream) { write_columns(stream, 3, 2); });
}

TEST(an_element_that_was_not_written_is_caught) {
  fault_of("double_all_but_last: element 99 of out was not written", [](Stream& stream) {
    std::vector<int> x(100), out(100);
    Launch launch(stream, "double_all_but_last");
    const auto in = launch.in("x", x.data(), 100);
    launch.run({.grid_x = 2, .threads = 64}, double_all_but_last, in, launch.out("out", out.data(), 100),
               100);
  });
}

TEST(reading_what_nothing_wrote_is_caught) {
  fault_of("of tile, which nothing wrote", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) {
          QWQ_SHARED(int, tile, 32);
          if (thread_index() != 7) tile[thread_index()] = 1;
          sync_block();
          out[thread_index()] = tile[thread_index()];
        });
  });
  // Nothing stays in shared memory from one block to the next.
  fault_of("of tile, which nothing wrote", [](Stream& stream) {
    static int blocks_before;
    blocks_before = 0;
    run_out(
        stream,
        +[](Global<int> out) {
          QWQ_SHARED(int, tile, 32);
          if (blocks_before == 0) tile[thread_index()] = 1;
          sync_block();
          blocks_before = 1;
          out[block_x() * 32 + thread_index()] = tile[thread_index()];
        },
        2);
  });
  fault_of("of out, which nothing wrote", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) { out[thread_index()] += 1; });
  });
  // Scratch memory remembers from launch to launch.
  const auto through_scratch = [](Stream& stream, int written) {
    std::vector<int> memory(32), out(32);
    const Scratch scratch(stream, memory.data(), memory.size() * sizeof(int));
    Launch first(stream, "first");
    first.run(
        {.grid_x = 1, .threads = 32},
        +[](Global<int> part, int n) {
          if (thread_index() < n) part[thread_index()] = 3;
        },
        first.update("part", memory.data(), 32), written);
    Launch second(stream, "second");
    const auto x = second.in("part", memory.data(), 32);
    second.run({.grid_x = 1, .threads = 32}, double_all, x, second.out("out", out.data(), 32), 32);
    return out[31];
  };
  in_all_orders([&](Stream& stream) { CHECK_EQ(through_scratch(stream, 32), 6); });
  fault_of("reads 4 bytes at offset 124 of part, which nothing wrote",
           [&](Stream& stream) { through_scratch(stream, 31); });
}

TEST(a_missing_barrier_is_caught_in_every_order) {
  std::vector<int> out;
  fault_of("tile", [&](Stream& stream) { run_64(stream, reverse<false>, out); });
  in_all_orders([](Stream& stream) {
    const std::vector<int> rotated = run_out<64>(stream, rotate_twice<true>);
    for (int t = 0; t < 64; ++t) CHECK_EQ(rotated[static_cast<size_t>(t)], (t + 2) % 64);
    CHECK_EQ(run_out(stream, swap_lanes<true>)[6], 7);
    CHECK_EQ(run_out(stream, warp_reads_then_writes<true>)[6], 11);
  });
  fault_of("with no barrier between them", [](Stream& stream) { run_out<64>(stream, rotate_twice<false>); });
  fault_of("tile", [](Stream& stream) { run_out(stream, swap_lanes<false>); });
  fault_of("with no barrier between them",
           [](Stream& stream) { run_out(stream, warp_reads_then_writes<false>); });
}

TEST(a_barrier_of_a_warp_orders_no_other_warp) {
  fault_of("tile", [](Stream& stream) {
    run_out<64>(
        stream, +[](Global<int> out) {
          QWQ_SHARED(int, tile, 64);
          tile[thread_index()] = 1;
          sync_warp();
          out[thread_index()] = tile[63 - thread_index()];
        });
  });
}

TEST(blocks_that_meet_are_caught) {
  fault_of("another block", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) { out[thread_index()] = block_x(); }, 2);
  });
  fault_of("another block", [](Stream& stream) {
    std::vector<int> x(64, 1);
    Launch launch(stream, "shift");
    launch.run(
        {.grid_x = 2, .threads = 32},
        +[](Global<int> x) {
          const int i = block_x() * 32 + thread_index();
          x[i] = x[63 - i] + 1;
        },
        launch.update("x", x.data(), 64));
  });
  in_all_orders([](Stream& stream) {
    int total = 0;
    Launch launch(stream, "count");
    launch.run(
        {.grid_x = 3, .threads = 64}, +[](Global<int> x) { atomic_add(x, 2); },
        launch.update("x", &total, 1));
    CHECK_EQ(total, 3 * 64 * 2);
  });
  fault_of("what was written to element 0 of x", [](Stream& stream) {
    int total = 0;
    Launch launch(stream, "count");
    launch.run(
        {.grid_x = 1, .threads = 64},
        +[](Global<int> x) {
          if (thread_index() == 5) {
            x[0] = 1;
          } else {
            atomic_add(x, 2);
          }
        },
        launch.update("x", &total, 1));
  });
}

TEST(divergence_at_a_barrier_is_caught) {
  fault_of("barrier of the block", [](Stream& stream) {
    run_out<64>(
        stream, +[](Global<int> out) {
          if (thread_index() < 60) sync_block();
          out[thread_index()] = 0;
        });
  });
  fault_of("while others of its block are at", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) {
          if (thread_index() % 2 == 0) {
            sync_block();
          } else {
            sync_block();
          }
          out[thread_index()] = 0;
        });
  });
  fault_of("barrier of the warp", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) {
          if (thread_index() != 3) sync_warp();
          out[thread_index()] = 0;
        });
  });
  // One warp waits for the block, the other for itself in vain.
  fault_of("divergence: ", [](Stream& stream) {
    run_out<64>(
        stream, +[](Global<int> out) {
          if (thread_index() == 40) {
            sync_warp();
          } else {
            sync_block();
          }
          out[thread_index()] = 0;
        });
  });
}

TEST(shuffles_and_votes) {
  in_all_orders([](Stream& stream) {
    const std::vector<int> out = run_out<64>(
        stream, +[](Global<int> out) {
          int sum = lane_index();
          for (int width = 16; width > 0; width /= 2) sum += shuffle_xor(kAllLanes, sum, width);
          const uint32_t odd = ballot(kAllLanes, lane_index() % 2 == 1);
          const int down = shuffle_down(kAllLanes, lane_index(), 3);
          const int third = shuffle(kAllLanes, thread_index(), 3);
          int low = 0;
          if (lane_index() < 16) low = shuffle_xor(0xffffu, lane_index(), 1);
          const bool right =
              odd == 0xaaaaaaaau && down == (lane_index() < 29 ? lane_index() + 3 : lane_index()) &&
              third == warp_index() * 32 + 3 && low == (lane_index() < 16 ? lane_index() ^ 1 : 0) &&
              any(kAllLanes, lane_index() == 9) && !all(kAllLanes, lane_index() == 9) && all(kAllLanes, true);
          out[thread_index()] = right ? sum : -1;
        });
    for (const int value : out) CHECK_EQ(value, 31 * 16);
  });
}

TEST(a_wrong_mask_of_a_shuffle_is_caught) {
  // The mask lacks the upper lanes, which take part.
  fault_of("with a mask 0x0000ffff that it is not in", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) { out[thread_index()] = shuffle_xor(0xffffu, thread_index(), 1); });
  });
  // The lower lanes read the upper ones, which are not in the mask.
  fault_of("which the mask 0x0000ffff does not name", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) {
          int value = 0;
          if (lane_index() < 16) value = shuffle_xor(0xffffu, thread_index(), 16);
          out[thread_index()] = value;
        });
  });
  // The mask names lanes that do not come.
  fault_of("divergence", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) {
          int value = 0;
          if (lane_index() < 16) value = shuffle_xor(kAllLanes, thread_index(), 1);
          out[thread_index()] = value;
        });
  });
  fault_of("divergence", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) {
          out[thread_index()] = 0;
          if (lane_index() == 31) return;
          if (any(kAllLanes, true)) out[thread_index()] = 1;
        });
  });
}

TEST(alignment_and_kind_of_accesses) {
  fault_of("not aligned to 16", [](Stream& stream) {
    alignas(16) static const int x[8] = {};
    std::vector<int> out(32);
    Launch launch(stream, "vector");
    const auto in = launch.in("x", x, 8);
    launch.run(
        {.grid_x = 1, .threads = 32},
        +[](Global<const int> x, Global<int> out) {
          const Words4 words = read<Words4>(x + 1);
          out[thread_index()] = static_cast<int>(words.w[0]);
        },
        in, launch.out("out", out.data(), 32));
  });
  fault_of("writes a part of element", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) { cast<int16_t>(out + thread_index())[0] = 1; });
  });
  fault_of("overlap", [](Stream& stream) {
    std::vector<int> x(64);
    Launch launch(stream, "alias");
    const auto in = launch.in("x", x.data(), 40);
    launch.run({.grid_x = 1, .threads = 32}, double_all, in, launch.out("out", x.data() + 39, 25), 20);
  });
  fault_of("whole warps", [](Stream& stream) {
    run_out<48>(
        stream, +[](Global<int>) {});
  });
  fault_of("shared memory", [](Stream& stream) {
    run_out(
        stream, +[](Global<int> out) {
          QWQ_SHARED(int, much, 12 * 1024);
          QWQ_SHARED(int, more, 1);
          much[thread_index()] = 0;
          more[0] = 0;
          out[thread_index()] = 0;
        });
  });
}

// Begins before earlier launches have ended. kReads, kWrites, kWaits: what it does, in this order.
template <bool kReads, bool kWrites, bool kWaits>
QWQ_KERNEL void begin_early(Global<const int> constant, Global<const int> x, Global<int> out) {
  const int t = thread_index();
  int sum = constant[t];
  if (kReads) sum += x[t];
  if (kWrites) out[t] = sum;
  if (kWaits) wait_for_earlier_launches();
  if (!kReads && kWaits) sum += x[t];
  if (!kWrites && kWaits) out[t] = sum;
}

template <bool kReads, bool kWrites, bool kWaits>
void run_early(Stream& stream, bool early) {
  std::vector<int> constant(32, 1), x(32, 2), out(32);
  Launch launch(stream, "begin_early");
  const auto constants = launch.constant("constant", constant.data(), 32);
  const auto in = launch.in("x", x.data(), 32);
  launch.run({.grid_x = 1, .threads = 32, .early = early}, begin_early<kReads, kWrites, kWaits>, constants,
             in, launch.out("out", out.data(), 32));
  CHECK_EQ(out[31], 3);
}

TEST(a_launch_that_begins_early_waits_before_it_touches_what_others_may_write) {
  Stream stream(kSeed);
  run_early<false, false, true>(stream, true);
  run_early<true, true, true>(stream, false);
  fault_of("reads x before it has waited", [](Stream& s) { run_early<true, false, true>(s, true); });
  fault_of("writes to out before it has waited", [](Stream& s) { run_early<false, true, true>(s, true); });
  fault_of("without waiting", [](Stream& s) {
    Launch launch(s, "never_waits");
    launch.run(
        {.grid_x = 1, .threads = 32, .early = true}, +[] {});
  });
}

TEST(a_stream_goes_on_after_a_fault) {
  Stream stream(kSeed);
  std::vector<int> out;
  for (int i = 0; i < 3; ++i) {
    bool caught = false;
    try {
      run_64(stream, reverse<false>, out);
    } catch (const sim::Fault&) {
      caught = true;
    }
    CHECK(caught);
    run_64(stream, reverse<true>, out);
    CHECK_EQ(out[1], 62);
  }
}

}  // namespace qwq::cuda

int main(int argc, char** argv) {
  std::printf("seed %llu and the %d after it\n", static_cast<unsigned long long>(qwq::cuda::kSeed),
              qwq::cuda::kOrders - 1);
  return qwq::test::run(argc, argv);
}
