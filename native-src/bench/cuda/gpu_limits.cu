#include "bench/cuda/gpu_limits.h"

#include <algorithm>

namespace qwq::bench {

namespace {

constexpr size_t kCopyBytes = size_t{1} << 30;
constexpr size_t kUploadBytes = size_t{256} << 20;
constexpr int kThreads = 256;
constexpr int kIterations = 4096;
constexpr int kChains = 8;  // independent products of a warp, so that none waits for another

struct Bf16 {
  static constexpr double kOperations = 2.0 * 16 * 8 * 16;
  using Sum = float;
  // Two numbers of 1 to 2 each: a GPU that multiplies zeros draws less power, and its clock is higher.
  static __device__ uint32_t value(uint32_t random) { return (random & 0x007f007f) | 0x3f803f80; }
  static __device__ void multiply(float (&sum)[4], uint32_t a, uint32_t b) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%4,%4,%4}, {%5,%5}, "
        "{%0,%1,%2,%3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a), "r"(b));
#endif
  }
};

struct Int8 {
  static constexpr double kOperations = 2.0 * 16 * 8 * 32;
  using Sum = int;
  static __device__ uint32_t value(uint32_t random) { return random; }
  static __device__ void multiply(int (&sum)[4], uint32_t a, uint32_t b) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%4,%4,%4}, {%5,%5}, "
        "{%0,%1,%2,%3};"
        : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
        : "r"(a), "r"(b));
#endif
  }
};

// Products of what lies in registers.
template <class Type>
__global__ void multiply_registers(typename Type::Sum* out) {
  typename Type::Sum sums[kChains][4] = {};
  const uint32_t a = Type::value((threadIdx.x + 1) * 0x9e3779b9u);
  const uint32_t b = Type::value((threadIdx.x + 1) * 0x85ebca6bu);
  for (int i = 0; i < kIterations; ++i) {
#pragma unroll
    for (int c = 0; c < kChains; ++c) Type::multiply(sums[c], a, b);
  }
  typename Type::Sum total = 0;
#pragma unroll
  for (int c = 0; c < kChains; ++c) total += sums[c][0] + sums[c][1] + sums[c][2] + sums[c][3];
  out[blockIdx.x * blockDim.x + threadIdx.x] = total;
}

template <class Type>
Spread measure_products(Gpu& gpu, int repeats) {
  if (gpu.properties().major < 8) return {};
  const int blocks = gpu.properties().multiProcessorCount * 8;
  const GpuMemory out(static_cast<size_t>(blocks) * kThreads * sizeof(typename Type::Sum));
  const Spread seconds = gpu.time(repeats, 1, [&](cuda::Stream& stream) {
    multiply_registers<Type><<<blocks, kThreads, 0, stream.handle()>>>(out.template as<typename Type::Sum>());
    stream.note(cudaGetLastError());
  });
  const double warps = static_cast<double>(blocks) * kThreads / 32;
  return rate(warps * kIterations * kChains * Type::kOperations, seconds);
}

Spread measure_copy(Gpu& gpu, int repeats) {
  const GpuMemory from(kCopyBytes), to(kCopyBytes);
  check(cudaMemset(from.data(), 1, kCopyBytes), "filling memory");
  return rate(2.0 * kCopyBytes, gpu.time(repeats, 1, [&](cuda::Stream& stream) {
    check(cudaMemcpyAsync(to.data(), from.data(), kCopyBytes, cudaMemcpyDeviceToDevice, stream.handle()),
          "copying on the device");
  }));
}

Spread measure_upload(Gpu& gpu, int repeats, const void* from) {
  const GpuMemory to(kUploadBytes);
  return rate(kUploadBytes, gpu.time(repeats, 1, [&](cuda::Stream& stream) {
    check(cudaMemcpyAsync(to.data(), from, kUploadBytes, cudaMemcpyHostToDevice, stream.handle()),
          "copying to the device");
  }));
}

}  // namespace

GpuLimits measure_gpu_limits(Gpu& gpu, int repeats) {
  GpuLimits limits;
  limits.copy = measure_copy(gpu, repeats);
  void* pinned = nullptr;
  check(cudaMallocHost(&pinned, kUploadBytes), "pinning memory");
  std::fill_n(static_cast<char*>(pinned), kUploadBytes, 1);
  limits.upload_pinned = measure_upload(gpu, repeats, pinned);
  check(cudaFreeHost(pinned), "freeing memory");
  const std::vector<char> pageable(kUploadBytes, 1);
  limits.upload_pageable = measure_upload(gpu, repeats, pageable.data());
  limits.bf16 = measure_products<Bf16>(gpu, repeats);
  limits.int8 = measure_products<Int8>(gpu, repeats);
  return limits;
}

}  // namespace qwq::bench
