// Launching a kernel: which memory it may touch, and with how many threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/sim/matrix.h"

namespace qwq::cuda {

struct LaunchShape {
  int64_t grid_x;
  int64_t grid_y = 1;
  int64_t grid_z = 1;
  int threads = 128;  // of a block, whole warps
  // Whether it may begin before earlier launches have ended (on GPUs that can). Until a thread has called
  // wait_for_earlier_launches(), which all must, it touches no global memory but what Launch::constant names.
  bool early = false;
};

// What launches of a kernel did, added up.
struct KernelCounts {
  uint64_t launches = 0;
  uint64_t blocks = 0;
  sim::Traffic traffic;
  uint64_t matrix_products = 0;
};

// What was written down instead of being done, to be done any number of times: the launches, with the
// parameters they had.
using Recording = std::vector<std::function<void()>>;

// The simulated device. Launches run at once, on the calling thread, unless they are recorded; a fault is
// thrown as sim::Fault.
class Stream {
 public:
  explicit Stream(uint64_t seed = 1) : seed_(seed), machine_(seed) {}
  Stream(const Stream&) = delete;

  uint64_t seed() const { return seed_; }
  const std::map<std::string, KernelCounts>& counts() const { return counts_; }

  // What the host copied to memory that a Scratch watches.
  void mark_written(const void* base, size_t bytes) {
    for (const auto& tracked : tracked_) {
      if (tracked->holds(base, bytes)) tracked->mark(static_cast<const std::byte*>(base), bytes);
    }
  }

  // Whether copy_16_async is asynchronous; not so on GPUs before compute capability 8.0.
  bool copies_ahead() const { return true; }

  // Until it is called with null, launches are appended to `recording`, and nothing is done.
  void record(Recording* recording) { recording_ = recording; }
  bool recording() const { return recording_ != nullptr; }

 private:
  friend class Launch;
  friend class Scratch;

  uint64_t seed_;
  sim::Machine machine_;
  std::vector<std::shared_ptr<sim::Tracked>> tracked_;
  std::map<std::string, KernelCounts> counts_;
  Recording* recording_ = nullptr;
};

// Memory in which, as long as this lives, nothing is written at first, whatever lies there: what a kernel
// leaves out, the next one must not read.
class Scratch {
 public:
  Scratch(Stream& stream, const void* base, size_t bytes)
      : stream_(stream), tracked_(std::make_shared<sim::Tracked>(base, bytes)) {
    stream_.tracked_.push_back(tracked_);
    if (stream.recording()) stream.recording_->push_back([tracked = tracked_] { tracked->forget(); });
  }
  ~Scratch() { std::erase(stream_.tracked_, tracked_); }
  Scratch(const Scratch&) = delete;

 private:
  Stream& stream_;
  std::shared_ptr<sim::Tracked> tracked_;
};

// One launch: first its parameters, then run().
class Launch {
 public:
  Launch(Stream& stream, const char* kernel) : stream_(stream), kernel_(kernel), regions_(new Regions) {}
  Launch(const Launch&) = delete;

  // Read only. A null pointer stays one.
  template <typename T>
  Global<const T> in(const char* name, const T* p, size_t count) {
    return add<const T>(name, sim::Access::kIn, const_cast<T*>(p), count, 1, count);
  }
  // Likewise, and written by no launch that may still run: read before wait_for_earlier_launches(), too.
  template <typename T>
  Global<const T> constant(const char* name, const T* p, size_t count) {
    return add<const T>(name, sim::Access::kConstant, const_cast<T*>(p), count, 1, count);
  }
  // Written by this launch, every element; what was there before does not count.
  template <typename T>
  Global<T> out(const char* name, T* p, size_t count) {
    return add<T>(name, sim::Access::kOut, p, count, 1, count);
  }
  template <typename T>
  Global<T> out(const char* name, T* p, size_t rows, size_t cols, size_t stride) {
    return add<T>(name, sim::Access::kOut, p, cols, rows, stride);
  }
  // Read and written, in parts.
  template <typename T>
  Global<T> update(const char* name, T* p, size_t count) {
    return add<T>(name, sim::Access::kUpdate, p, count, 1, count);
  }
  template <typename T>
  Global<T> update(const char* name, T* p, size_t rows, size_t cols, size_t stride) {
    return add<T>(name, sim::Access::kUpdate, p, cols, rows, stride);
  }

  template <typename... P, typename... A>
  void run(const LaunchShape& shape, void (*kernel)(P...), const A&... arguments) {
    if (stream_.recording()) {
      stream_.recording_->push_back(
          [&stream = stream_, name = kernel_, regions = regions_, shape, kernel, arguments...] {
            for (const auto& region : *regions) region->forget();
            run_body(stream, name, *regions, shape, [&] { kernel(arguments...); });
          });
    } else {
      run_body(stream_, kernel_, *regions_, shape, [&] { kernel(arguments...); });
    }
  }

 private:
  using Regions = std::vector<std::unique_ptr<sim::Region>>;

  template <typename T>
  Global<T> add(const char* name, sim::Access access, std::remove_const_t<T>* p, size_t cols, size_t rows,
                size_t stride) {
    if (p == nullptr) return nullptr;
    return Global<T>(p, add_region(name, access, p, cols * sizeof(T), rows, stride * sizeof(T), sizeof(T)));
  }
  sim::Region* add_region(const char* name, sim::Access access, void* p, size_t row_bytes, size_t rows,
                          size_t stride_bytes, size_t granule);
  static void run_body(Stream& stream, const char* kernel, const Regions& regions, const LaunchShape& shape,
                       const std::function<void()>& body);

  Stream& stream_;
  const char* kernel_;
  std::shared_ptr<Regions> regions_;
};

}  // namespace qwq::cuda

// A kernel, and a function that kernels call.
#define QWQ_KERNEL inline
#define QWQ_DEVICE inline
#define QWQ_DEVICE_MEMBER  // the same for members of classes
#define QWQ_UNROLL
#define QWQ_NO_UNROLL
#define QWQ_UNROLL_BY(n)
// Most threads of a block, and how many blocks a multiprocessor ought to hold: QWQ_KERNEL void
// QWQ_THREADS(256, 2) ...
#define QWQ_THREADS(...)

// An array in shared memory, named as a Shared<type>: QWQ_SHARED(float, tile, 64 * 32);
#define QWQ_SHARED(type, name, count)                                                  \
  static constexpr char name##_key = 0;                                                \
  const ::qwq::cuda::Shared<type> name = [] {                                          \
    ::qwq::cuda::sim::Region* region = ::qwq::cuda::sim::Machine::current().shared(    \
        &name##_key, #name, sizeof(type) * (count), sizeof(type));                     \
    return ::qwq::cuda::Shared<type>(reinterpret_cast<type*>(region->base()), region); \
  }()
