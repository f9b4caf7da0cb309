#pragma once

#include "bench/limits.h"
#include "bench/options.h"
#include "bench/report.h"
#include "kernels/thread_pool.h"

namespace qwq::bench {

// Attention of the selected models' shapes: decoding far into a context, and whole prompts chunk by chunk.
void bench_attention(const Options& options, ThreadPool& pool, const Limits& limits, Report& report);

}  // namespace qwq::bench
