#pragma once

#include <string>

#include "bench/cuda/gpu_limits.h"
#include "bench/json.h"

namespace qwq::bench {

// One operator on one shape.
struct GpuResult {
  std::string op;      // "matmul", "attention", "rms_norm", ...
  std::string format;  // of weights, or of the KV cache
  std::string shape;   // "32b.gate_up"
  int64_t rows;
  int64_t context;  // positions the last row attends to; 0 elsewhere
  Spread seconds;
  double bytes;  // that must cross from or to the device's memory at least once
  double operations;
};

// Writes a line for each figure as it comes, or one JSON document; on standard output.
class GpuReport {
 public:
  GpuReport(bool json, const Gpu& gpu, const GpuLimits& limits);
  void add(const GpuResult& result);
  void end();

 private:
  bool is_json_;
  GpuLimits limits_;
  Json json_;
};

}  // namespace qwq::bench
