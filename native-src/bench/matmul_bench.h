#pragma once

#include "bench/limits.h"
#include "bench/options.h"
#include "bench/report.h"
#include "kernels/thread_pool.h"

namespace qwq::bench {

// Every format, variant and matrix that the options select. Decoding goes through so many copies of a matrix
// that none is in a cache when its turn comes.
void bench_matmul(const Options& options, ThreadPool& pool, const Limits& limits, Report& report);

}  // namespace qwq::bench
