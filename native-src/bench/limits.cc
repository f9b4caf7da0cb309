#include "bench/limits.h"

#include <atomic>
#include <new>
#include <thread>

#include "bench/probes.h"
#include "bench/report.h"

namespace qwq::bench {
namespace {

// Least first.
std::vector<const IsaProbes*> usable_probes() {
  const IsaProbes* all[] = {
      &kGenericProbes,
#if defined(__x86_64__)
      &kAvx2Probes,    &kAvx512VnniProbes, &kAvx512Bf16Probes, &kAmxProbes,
#endif
  };
  std::vector<const IsaProbes*> usable;
  for (const IsaProbes* probes : all) {
    if (probes->usable()) usable.push_back(probes);
  }
  return usable;
}

// Seconds from the moment all threads are let go to the moment the last one is done with body(thread).
template <typename Body>
double seconds_together(int n_threads, Body&& body) {
  std::atomic<int> ready = 0;
  std::atomic<bool> go = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < n_threads; ++t) {
    threads.emplace_back([&, t] {
      ready.fetch_add(1);
      while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
      body(t);
    });
  }
  while (ready.load() < n_threads) std::this_thread::yield();
  const double begin = now();
  go.store(true, std::memory_order_release);
  for (std::thread& thread : threads) thread.join();
  return now() - begin;
}

template <typename Body>
Spread seconds_together(int n_threads, int repeats, Body&& body) {
  std::vector<double> seconds;
  seconds_together(n_threads, body);
  for (int r = 0; r < repeats; ++r) seconds.push_back(seconds_together(n_threads, body));
  return spread(std::move(seconds));
}

std::atomic<uint64_t> sink;

void measure_reads(const Options& options, PageKind pages, ReadProbe read, Limits& limits, Report& report) {
  const size_t threads = static_cast<size_t>(options.threads);
  // Whole steps of eight streams.
  const size_t each = (options.read_mebibytes << 20) / threads / 4096 * 4096;
  const Buffer buffer(each * threads, pages, options.folder);
  seconds_together(options.threads, [&](int t) {
    // Written, or all pages would be the kernel's one page of zeros.
    std::byte* piece = buffer.data() + static_cast<size_t>(t) * each;
    for (size_t i = 0; i < each; i += 64) piece[i] = static_cast<std::byte>(i >> 12);
  });
  buffer.settle();
  for (const int streams : {1, 2, 4, 8}) {
    for (const size_t prefetch : {0, 1024, 4096}) {
      const Spread seconds = seconds_together(options.threads, options.repeats, [&](int t) {
        const uint64_t sum = read(buffer.data() + static_cast<size_t>(t) * each, each, streams, prefetch);
        sink.fetch_add(sum, std::memory_order_relaxed);
      });
      limits.reads.push_back({pages, streams, prefetch, rate(static_cast<double>(buffer.bytes()), seconds)});
      report.add(limits.reads.back());
    }
  }
}

void measure_arithmetic(const Options& options, const IsaProbes& isa, const ArithmeticProbe& probe,
                        Limits& limits, Report& report) {
  // About 50 ms: long enough for the clock frequency to settle.
  constexpr double kSeconds = 0.05;
  int64_t iterations = 1000;
  double begin = now();
  sink.fetch_add(probe.run(iterations), std::memory_order_relaxed);
  while (now() - begin < kSeconds / 8) {
    iterations *= 2;
    begin = now();
    sink.fetch_add(probe.run(iterations), std::memory_order_relaxed);
  }
  iterations = static_cast<int64_t>(static_cast<double>(iterations) * kSeconds / (now() - begin)) + 1;
  const Spread seconds = seconds_together(options.threads, options.repeats, [&](int) {
    sink.fetch_add(probe.run(iterations), std::memory_order_relaxed);
  });
  const double ops = probe.ops_per_iteration * static_cast<double>(iterations) * options.threads;
  limits.arithmetic.push_back({isa.isa, probe.name, probe.reference, rate(ops, seconds)});
  report.add(limits.arithmetic.back());
}

// The function that reads best, of the best instruction set here.
ReadProbe best_read_probe() {
  ReadProbe read = nullptr;
  for (const IsaProbes* probes : usable_probes()) {
    if (probes->read != nullptr) read = probes->read;
  }
  return read;
}

}  // namespace

double read_rate(const Options& options, const ReadLimit& pattern, const std::byte* data, size_t bytes) {
  const size_t threads = static_cast<size_t>(options.threads);
  const size_t each = bytes / threads / 4096 * 4096;
  const ReadProbe read = best_read_probe();
  const double seconds = seconds_together(options.threads, [&](int t) {
    const uint64_t sum = read(data + static_cast<size_t>(t) * each, each, pattern.streams, pattern.prefetch);
    sink.fetch_add(sum, std::memory_order_relaxed);
  });
  return static_cast<double>(each * threads) / seconds;
}

const ReadLimit* Limits::best_read(PageKind pages) const {
  const ReadLimit* best = nullptr;
  for (const ReadLimit& read : reads) {
    if (read.pages != pages) continue;
    if (best == nullptr || read.bytes_second.median > best->bytes_second.median) best = &read;
  }
  return best;
}

const ArithmeticLimit* Limits::reference(std::string_view isa) const {
  for (const ArithmeticLimit& limit : arithmetic) {
    if (limit.reference && isa == limit.isa) return &limit;
  }
  return nullptr;
}

Limits measure_limits(const Options& options, Report& report) {
  Limits limits;
  const ReadProbe read = best_read_probe();
  for (const PageKind pages : kPageKinds) {
    if (pages == PageKind::kFile && options.folder.empty()) continue;
    measure_reads(options, pages, read, limits, report);
  }
  for (const IsaProbes* probes : usable_probes()) {
    for (const ArithmeticProbe& probe : probes->arithmetic) {
      measure_arithmetic(options, *probes, probe, limits, report);
    }
  }
  return limits;
}

}  // namespace qwq::bench
