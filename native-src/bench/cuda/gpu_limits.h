#pragma once

#include "bench/cuda/gpu.h"

namespace qwq::bench {

// What the GPU can do, measured in the same run as what is judged by it.
struct GpuLimits {
  Spread copy;             // bytes a second read and written together by copies within its memory
  Spread upload_pinned;    // bytes a second from pinned memory of the host
  Spread upload_pageable;  // and from other memory
  Spread bf16;  // operations a second of mma on bf16 with f32 sums; none (count 0) where it has no such
                // instruction
  Spread int8;  // of mma on int8 with int32 sums
};

GpuLimits measure_gpu_limits(Gpu& gpu, int repeats);

}  // namespace qwq::bench
