// What the tests of CUDA kernels share: memory as a device has it, and backends to compare with.
#pragma once

#include <cstdlib>

#include "kernels/cuda/ops.h"
#include "tests/ops_testing.h"

namespace qwq::test {

// Memory that begins at a multiple of 256 bytes, as a device's allocations do. What lies beyond its end is
// none of its kernels' business, which the simulator checks.
template <typename T>
class DeviceBuffer {
 public:
  explicit DeviceBuffer(size_t count) : count_(count) {
    data_ = static_cast<T*>(std::aligned_alloc(256, (count * sizeof(T) + 511) / 256 * 256));
    std::memset(static_cast<void*>(data_), 0xff, count * sizeof(T));  // NaN, should anybody read it
  }
  explicit DeviceBuffer(const std::vector<T>& values) : DeviceBuffer(values.size()) {
    if (!values.empty()) std::memcpy(static_cast<void*>(data_), values.data(), values.size() * sizeof(T));
  }
  ~DeviceBuffer() { std::free(data_); }
  DeviceBuffer(const DeviceBuffer&) = delete;

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return count_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  std::vector<T> copy() const { return std::vector<T>(data_, data_ + count_); }

 private:
  size_t count_;
  T* data_;
};

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

#define QWQ_CUDA_TEST_MAIN QWQ_OPS_TEST_MAIN
