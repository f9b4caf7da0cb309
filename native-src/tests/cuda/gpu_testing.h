// What device_testing.h needs of a GPU: memory that host and device share, and streams that tests make of a
// seed as they do on the simulator.
#pragma once

#include <string>

#include "kernels/cuda/simt.h"
#include "tests/check.h"

namespace qwq::test {

inline constexpr const char* kTestDevice = "0";

inline void expect_success(cudaError_t status, const char* what) {
  if (status != cudaSuccess) fail(__FILE__, __LINE__, what, ": ", cudaGetErrorString(status));
}

inline void* allocate_shared(size_t bytes) {
  void* memory = nullptr;
  expect_success(cudaMallocManaged(&memory, bytes + 16), "allocating memory");
  return memory;
}
inline void free_shared(void* memory) {
  cudaDeviceSynchronize();
  cudaFree(memory);
}
// What CTest is told where there is no GPU (SKIP_RETURN_CODE).
inline constexpr int kSkipped = 77;

inline bool has_gpu() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return true;
  std::printf("skipped: no CUDA device: %s\n", cudaGetErrorString(status));
  return false;
}

inline void wait_for_kernels() { expect_success(cudaDeviceSynchronize(), "running kernels"); }

// Found before qwq::cuda by the tests, which are in this namespace.
namespace cuda {

using namespace qwq::cuda;

class Stream : public qwq::cuda::Stream {
 public:
  // The GPU orders threads as it likes.
  explicit Stream(uint64_t) : qwq::cuda::Stream(cudaStreamPerThread, generation_of(0)) {}
  ~Stream() {
    const cudaError_t failure = take_status();
    if (failure != cudaSuccess) std::printf("a kernel was not launched: %s\n", cudaGetErrorString(failure));
  }
};

}  // namespace cuda

}  // namespace qwq::test
