// What CUDA kernels are written in: the same sources are compiled by nvcc for the device, and by the C++
// compiler for the simulator, which checks every access, every barrier and every shuffle. See docs/cuda.md.
//
//   Global<T>, Shared<T>       pointers; T* on the device
//   QWQ_KERNEL, QWQ_DEVICE     in front of kernels and of functions they call
//   QWQ_SHARED(type, name, n)  a shared array
//   Launch                     names the memory a kernel may touch, and launches it
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__CUDACC__)
#include "kernels/cuda/device/simt.cuh"
#else
#include "kernels/cuda/sim/launch.h"
#include "kernels/cuda/sim/numbers.h"
#endif

namespace qwq::cuda {

// What read and write move at once.
struct alignas(8) Words2 {
  uint32_t w[2];
};
struct alignas(16) Words4 {
  uint32_t w[4];
};
struct alignas(8) Float2 {
  float v[2];
};
struct alignas(16) Float4 {
  float v[4];
};

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace qwq::cuda
