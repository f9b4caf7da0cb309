// What this machine can do at most, measured in the same run as what the kernels do.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "bench/options.h"
#include "bench/stats.h"

namespace qwq::bench {

class Report;

struct ReadLimit {
  PageKind pages;
  int streams;          // of each thread
  size_t prefetch;      // bytes ahead, 0 = none
  Spread bytes_second;  // of all threads together
};

struct ArithmeticLimit {
  const char* isa;
  const char* name;
  bool reference;
  Spread ops_second;  // of all threads together
};

struct Limits {
  std::vector<ReadLimit> reads;
  std::vector<ArithmeticLimit> arithmetic;

  // The pattern with the best median on pages of a kind; null if none was measured.
  const ReadLimit* best_read(PageKind pages) const;
  // What shares of the instruction set's rate refer to; null if it has none.
  const ArithmeticLimit* reference(std::string_view isa) const;
};

// Bytes a second of reading once through memory with a pattern. A machine's bandwidth moves within minutes:
// what is judged by it is measured in turn with this.
double read_rate(const Options& options, const ReadLimit& pattern, const std::byte* data, size_t bytes);

// Tells each figure to the report as it comes.
Limits measure_limits(const Options& options, Report& report);

}  // namespace qwq::bench
