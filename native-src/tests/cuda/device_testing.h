// What the tests of CUDA kernels share: memory as a device has it, and backends to compare with. The tests
// are compiled for the simulator, and by nvcc for GPUs (gpu_NAME beside cuda_NAME), see gpu_testing.h.
#pragma once

#include <cstdlib>

#include "kernels/cuda/ops.h"
#include "tests/ops_testing.h"

#if defined(__CUDACC__)
#include "tests/cuda/gpu_testing.h"
#else
namespace qwq::test {

// The device that whole models are tested on.
inline constexpr const char* kTestDevice = "sim";

// Memory that kernels and tests see, aligned to 256 bytes as a device's allocations are.
inline void* allocate_shared(size_t bytes) { return std::aligned_alloc(256, (bytes + 511) / 256 * 256); }
inline void free_shared(void* memory) { std::free(memory); }
// Before the host looks at what kernels wrote.
inline void wait_for_kernels() {}

}  // namespace qwq::test
#endif

namespace qwq::test {

// Memory as kernels get it. What lies beyond its end is none of their business, which the simulator checks.
template <typename T>
class DeviceBuffer {
 public:
  explicit DeviceBuffer(size_t count)
      : count_(count), data_(static_cast<T*>(allocate_shared(count * sizeof(T)))) {
    std::memset(static_cast<void*>(data_), 0xff, count * sizeof(T));  // NaN, should anybody read it
  }
  explicit DeviceBuffer(const std::vector<T>& values) : DeviceBuffer(values.size()) {
    if (!values.empty()) std::memcpy(static_cast<void*>(data_), values.data(), values.size() * sizeof(T));
  }
  ~DeviceBuffer() { free_shared(data_); }
  DeviceBuffer(const DeviceBuffer&) = delete;

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return count_; }
  T& operator[](size_t i) {
    wait_for_kernels();
    return data_[i];
  }
  const T& operator[](size_t i) const {
    wait_for_kernels();
    return data_[i];
  }
  std::vector<T> copy() const {
    wait_for_kernels();
    return std::vector<T>(data_, data_ + count_);
  }

 private:
  size_t count_;
  T* data_;
};

// For vectors that kernels see; the host must wait for kernels itself.
template <typename T>
struct SharedAllocator {
  using value_type = T;
  SharedAllocator() = default;
  template <typename U>
  SharedAllocator(const SharedAllocator<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(allocate_shared(n * sizeof(T))); }
  void deallocate(T* memory, size_t) { free_shared(memory); }
  bool operator==(const SharedAllocator&) const { return true; }
};
template <typename T>
using SharedVector = std::vector<T, SharedAllocator<T>>;

// A weight's copy on the device, padded to a multiple of 16 bytes.
class DeviceWeight {
 public:
  explicit DeviceWeight(const Tensor& host)
      : bytes_((static_cast<size_t>(host.rows) * host.row_bytes + 15) / 16 * 16), tensor_(host) {
    const size_t used = static_cast<size_t>(host.rows) * host.row_bytes;
    std::memcpy(bytes_.data(), host.data, used);
    std::memset(bytes_.data() + used, 0, bytes_.size() - used);
    tensor_.data = bytes_.data();
  }

  const Tensor& tensor() const { return tensor_; }
  std::byte* data() { return bytes_.data(); }

 private:
  DeviceBuffer<std::byte> bytes_;
  Tensor tensor_;
};

// A variant of the cpu backend that fuses multiplications with additions, which the kernels follow to the
// bit; null on processors that have none.
inline const Backend* fused_cpu_backend() {
  for (const Variant& variant : usable_variants()) {
    if (std::string_view(variant.backend->name) != "generic") return variant.backend;
  }
  return nullptr;
}

inline void expect_same_bits(const char* what, const std::vector<float>& actual,
                             const std::vector<float>& expected) {
  CHECK_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    if (std::bit_cast<uint32_t>(actual[i]) != std::bit_cast<uint32_t>(expected[i])) {
      fail(__FILE__, __LINE__, what, ": element ", i, " is ", actual[i], ", expected the bits of ",
           expected[i]);
    }
  }
}

}  // namespace qwq::test

#if defined(__CUDACC__)
#define QWQ_CUDA_TEST_MAIN                                                           \
  int main(int argc, char** argv) {                                                  \
    if (!::qwq::test::has_gpu()) return ::qwq::test::kSkipped;                       \
    std::printf("seed %llu\n", static_cast<unsigned long long>(::qwq::test::kSeed)); \
    return ::qwq::test::run(argc, argv);                                             \
  }
#else
#define QWQ_CUDA_TEST_MAIN QWQ_OPS_TEST_MAIN
#endif
