// The operators on the sizes of real models. Each is called on data that has left the caches meanwhile, as
// in a forward pass.
#pragma once

#include "bench/cuda/gpu_options.h"
#include "bench/cuda/gpu_report.h"
#include "bench/shapes.h"

namespace qwq::bench {

// Weights or KV that are read before the first come round again; several times the largest L2 cache.
inline constexpr size_t kBytesBetween = size_t{512} << 20;

void bench_gpu_matmul(const GpuOptions& options, Gpu& gpu, GpuReport& report);
void bench_gpu_attention(const GpuOptions& options, Gpu& gpu, GpuReport& report);
void bench_gpu_elementwise(const GpuOptions& options, Gpu& gpu, GpuReport& report);

inline bool has_shape(const GpuOptions& options, const ModelShape& model) {
  return contains(options.shapes, model.name);
}

}  // namespace qwq::bench
