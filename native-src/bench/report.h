#pragma once

#include <string>
#include <vector>

#include "bench/limits.h"
#include "bench/options.h"
#include "bench/stats.h"

namespace qwq::bench {

// One operator on one shape.
struct Result {
  std::string op;      // "matmul", "attention"
  std::string recipe;  // "decode", "prefill"
  std::string isa;
  std::string format;  // of weights, or of the KV cache
  std::string shape;
  int64_t rows;
  int64_t context;  // positions the last row attends to; 0 for matmul
  PageKind pages;   // of weights or KV cache
  Spread seconds;
  double bytes;                   // weights or KV that must be read at least once
  double ops;                     // a multiplication and an addition are two
  bool memory_bound;              // judged by reading, else by the instruction set's rate
  Spread read_bytes_second = {};  // of the same memory, in turn with it; count 0: not measured
};

// Prints a table as figures come, or one JSON document at the end; on standard output.
class Report {
 public:
  explicit Report(const Options& options) : options_(options) {}

  void begin();
  void add(const ReadLimit& limit);
  void add(const ArithmeticLimit& limit);
  // Shares of results refer to these; the object must outlive the report.
  void set_limits(const Limits* limits);
  void add(const Result& result);
  // A combination that does not exist, and why.
  void skip(const std::string& what, const std::string& why);
  void end();

 private:
  // 0 if the limit was not measured.
  double limit_of(const Result& result) const;

  const Options& options_;
  const Limits* limits_ = nullptr;
  std::vector<Result> results_;
  const char* heading_ = nullptr;
};

}  // namespace qwq::bench
