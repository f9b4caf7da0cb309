// kernel_bench: what the cpu backend's operators reach of what the machine can do. See --help.
#include <cstdio>
#include <exception>

#include "bench/attention_bench.h"
#include "bench/limits.h"
#include "bench/matmul_bench.h"
#include "bench/options.h"
#include "bench/report.h"
#include "bench/workbench.h"
#include "kernels/cpu/isa.h"

namespace qwq::bench {

std::vector<const Backend*> backends(const Options& options) {
  std::vector<const Backend*> chosen;
  for (const CpuIsa& isa : cpu_isas()) {
    const std::string name = isa.name;
    // It is there to be right; who wants its speed names it, or has nothing else.
    const bool usual = name != "generic" || cpu_backend("") == isa.backend;
    if (isa.usable() && (options.isas.empty() ? usual : selected(options.isas, name))) {
      chosen.push_back(isa.backend);
    }
  }
  return chosen;
}

namespace {

void run(const Options& options) {
  Report report(options);
  report.begin();
  Limits limits;
  if (!options.no_limits) {
    limits = measure_limits(options, report);
    report.set_limits(&limits);
  }
  if (!options.limits_only) {
    ThreadPool pool(options.threads);
    if (selected(options.ops, "matmul")) bench_matmul(options, pool, limits, report);
    if (selected(options.ops, "attention")) bench_attention(options, pool, limits, report);
  }
  report.end();
}

}  // namespace
}  // namespace qwq::bench

int main(int argc, char** argv) {
  try {
    const qwq::bench::Options options = qwq::bench::parse_options(argc, argv);
    if (options.help) {
      std::fputs(qwq::bench::kUsage, stdout);
    } else {
      qwq::bench::run(options);
    }
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "kernel_bench: %s\n", e.what());
    return 2;
  }
}
