#include "bench/cuda/gpu_report.h"

#include <cstdio>

namespace qwq::bench {

namespace {

void write(Json& json, const char* name, const Spread& spread) {
  json.begin_object(name);
  json.number("median", spread.count == 0 ? NAN : spread.median);
  json.number("min", spread.count == 0 ? NAN : spread.min);
  json.number("max", spread.count == 0 ? NAN : spread.max);
  json.end_object();
}

// Of the rate that products of this kind could have; bf16 where weights are no integers.
double arithmetic_share(const GpuResult& result, const GpuLimits& limits) {
  const bool floats = result.format == "F32" || result.format == "F16" || result.format == "BF16";
  const Spread& limit = result.op == "matmul" && !floats ? limits.int8 : limits.bf16;
  return limit.count == 0 ? NAN : result.operations / result.seconds.median / limit.median;
}

}  // namespace

GpuReport::GpuReport(bool json, const Gpu& gpu, const GpuLimits& limits)
    : is_json_(json), limits_(limits), json_(stdout) {
  const cudaDeviceProp& device = gpu.properties();
  int driver = 0;
  int runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (!json) {
    std::printf("%s, compute capability %d.%d, %d multiprocessors, %.1f GiB\n", device.name, device.major,
                device.minor, device.multiProcessorCount,
                static_cast<double>(device.totalGlobalMem) / (1 << 30));
    std::printf(
        "copies %.0f GB/s, uploads %.1f GB/s pinned and %.1f pageable, bf16 %.1f TFLOP/s, int8 %.1f TOP/s\n",
        limits.copy.median / 1e9, limits.upload_pinned.median / 1e9, limits.upload_pageable.median / 1e9,
        limits.bf16.median / 1e12, limits.int8.median / 1e12);
    std::printf("%-10s %-7s %-14s %6s %8s %10s %9s %6s %10s %6s\n", "op", "format", "shape", "rows",
                "context", "us", "GB/s", "share", "GOP/s", "share");
    return;
  }
  json_.begin_object();
  json_.begin_object("device");
  json_.text("name", device.name);
  json_.number("compute_capability", device.major + device.minor / 10.0);
  json_.number("multiprocessors", device.multiProcessorCount);
  json_.number("memory_bytes", static_cast<double>(device.totalGlobalMem));
  json_.number("driver_version", driver);
  json_.number("runtime_version", runtime);
  json_.end_object();
  json_.begin_object("limits");
  write(json_, "copy_bytes_per_second", limits.copy);
  write(json_, "upload_pinned_bytes_per_second", limits.upload_pinned);
  write(json_, "upload_pageable_bytes_per_second", limits.upload_pageable);
  write(json_, "bf16_operations_per_second", limits.bf16);
  write(json_, "int8_operations_per_second", limits.int8);
  json_.end_object();
  json_.begin_array("kernels");
}

void GpuReport::add(const GpuResult& result) {
  const double bytes = result.bytes / result.seconds.median;
  const double operations = result.operations / result.seconds.median;
  const double of_copy = bytes / limits_.copy.median;
  const double of_arithmetic = arithmetic_share(result, limits_);
  if (!is_json_) {
    std::printf("%-10s %-7s %-14s %6lld %8lld %10.1f %9.1f %5.1f%% %10.1f %5.1f%%\n", result.op.c_str(),
                result.format.c_str(), result.shape.c_str(), static_cast<long long>(result.rows),
                static_cast<long long>(result.context), result.seconds.median * 1e6, bytes / 1e9,
                100 * of_copy, operations / 1e9, 100 * of_arithmetic);
    std::fflush(stdout);
    return;
  }
  json_.begin_object();
  json_.text("op", result.op);
  json_.text("format", result.format);
  json_.text("shape", result.shape);
  json_.number("rows", static_cast<double>(result.rows));
  json_.number("context", static_cast<double>(result.context));
  write(json_, "seconds", result.seconds);
  json_.number("bytes_per_second", bytes);
  json_.number("share_of_copy", of_copy);
  json_.number("operations_per_second", operations);
  json_.number("share_of_arithmetic", of_arithmetic);
  json_.end_object();
}

void GpuReport::end() {
  if (!is_json_) return;
  json_.end_array();
  json_.end_object();
  std::printf("\n");
}

}  // namespace qwq::bench
