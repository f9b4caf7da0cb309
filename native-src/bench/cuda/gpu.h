// A GPU to measure on: memory, and times by the GPU's own clock.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/stats.h"
#include "kernels/cuda/simt.h"

namespace qwq::bench {

inline void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
}

// Memory of the device; not cleared.
class GpuMemory {
 public:
  explicit GpuMemory(size_t bytes) : bytes_(bytes) {
    check(cudaMalloc(&data_, bytes), (std::to_string(bytes) + " bytes").c_str());
  }
  ~GpuMemory() { cudaFree(data_); }
  GpuMemory(const GpuMemory&) = delete;

  template <typename T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  std::byte* data() const { return as<std::byte>(); }
  size_t bytes() const { return bytes_; }

  void upload(const void* src, size_t bytes, size_t offset = 0) {
    check(cudaMemcpy(data() + offset, src, bytes, cudaMemcpyHostToDevice), "copying to the device");
  }
  // The first `bytes` again and again.
  void repeat(size_t bytes) {
    for (size_t filled = bytes; filled < bytes_; filled *= 2) {
      const size_t count = filled < bytes_ - filled ? filled : bytes_ - filled;
      check(cudaMemcpy(data() + filled, data(), count, cudaMemcpyDeviceToDevice), "copying on the device");
    }
  }

 private:
  size_t bytes_;
  void* data_ = nullptr;
};

template <typename T>
class GpuArray {
 public:
  explicit GpuArray(const std::vector<T>& values) : memory_(values.size() * sizeof(T) + 16) {
    memory_.upload(values.data(), values.size() * sizeof(T));
  }
  T* data() const { return memory_.as<T>(); }

 private:
  GpuMemory memory_;
};

class Gpu {
 public:
  explicit Gpu(int ordinal) : ordinal_(ordinal) {
    check(cudaSetDevice(ordinal), "choosing the device");
    check(cudaGetDeviceProperties(&properties_, ordinal), "asking the device");
    check(cudaStreamCreate(&handle_), "creating a stream");
    check(cudaEventCreate(&begin_), "creating an event");
    check(cudaEventCreate(&end_), "creating an event");
  }
  ~Gpu() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
    cudaStreamDestroy(handle_);
  }
  Gpu(const Gpu&) = delete;

  const cudaDeviceProp& properties() const { return properties_; }
  cudaStream_t stream() const { return handle_; }

  // Seconds that body(stream) takes on the GPU, divided by `calls`; the first call is not counted.
  template <typename Body>
  Spread time(int repeats, double calls, Body&& body) {
    std::vector<double> seconds;
    for (int i = -1; i < repeats; ++i) {
      cuda::Stream stream(handle_, cuda::generation_of(ordinal_));
      check(cudaEventRecord(begin_, handle_), "recording an event");
      body(stream);
      check(stream.take_status(), "launching a kernel");
      check(cudaEventRecord(end_, handle_), "recording an event");
      check(cudaEventSynchronize(end_), "running kernels");
      float milliseconds = 0;
      check(cudaEventElapsedTime(&milliseconds, begin_, end_), "reading an event");
      if (i >= 0) seconds.push_back(milliseconds / 1e3 / calls);
    }
    return spread(std::move(seconds));
  }

 private:
  cudaDeviceProp properties_;
  int ordinal_;
  cudaStream_t handle_ = nullptr;
  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_ = nullptr;
};

}  // namespace qwq::bench
