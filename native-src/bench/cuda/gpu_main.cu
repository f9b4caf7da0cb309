// gpu_bench: what the CUDA kernels reach of what a GPU can do. See --help.
#include <cstdio>
#include <exception>

#include "bench/cuda/gpu_kernels.h"

namespace qwq::bench {
namespace {

void run(const GpuOptions& options) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string("no CUDA device: ") + cudaGetErrorString(status));
  }
  if (options.device >= count) {
    throw std::runtime_error("--device: expected less than " + std::to_string(count) + ", found " +
                             std::to_string(options.device));
  }
  Gpu gpu(options.device);
  GpuReport report(options.json, gpu, measure_gpu_limits(gpu, options.repeats));
  if (contains(options.ops, "matmul")) bench_gpu_matmul(options, gpu, report);
  if (contains(options.ops, "attention")) bench_gpu_attention(options, gpu, report);
  if (contains(options.ops, "elementwise")) bench_gpu_elementwise(options, gpu, report);
  report.end();
}

}  // namespace
}  // namespace qwq::bench

int main(int argc, char** argv) {
  try {
    const qwq::bench::GpuOptions options = qwq::bench::parse_gpu_options(argc, argv);
    if (options.help) {
      std::fputs(qwq::bench::kGpuUsage, stdout);
    } else {
      qwq::bench::run(options);
    }
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "gpu_bench: %s\n", e.what());
    return 2;
  }
}
