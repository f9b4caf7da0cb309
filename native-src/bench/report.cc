#include "bench/report.h"

#include <cinttypes>
#include <cstdio>

#include "bench/json.h"
#include "bench/machine.h"

namespace qwq::bench {
namespace {

double value_of(const Result& result) { return result.memory_bound ? result.bytes : result.ops; }

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof(text), "%.1f %%", 100 * share);
  return text;
}

void write(Json& json, const char* name, const Spread& spread, double unit) {
  json.begin_object(name);
  json.number("median", spread.median / unit);
  json.number("min", spread.min / unit);
  json.number("max", spread.max / unit);
  json.number("count", spread.count);
  json.end_object();
}

void write(Json& json, const ReadLimit& limit) {
  json.begin_object();
  json.text("pages", page_kind_name(limit.pages));
  json.number("streams", limit.streams);
  json.number("prefetch", static_cast<double>(limit.prefetch));
  write(json, "gb_s", limit.bytes_second, 1e9);
  json.end_object();
}

void write(Json& json, const Limits& limits) {
  json.begin_object("limits");
  json.begin_object("read_gb_s");
  for (const PageKind pages : kPageKinds) {
    if (const ReadLimit* best = limits.best_read(pages)) {
      json.number(page_kind_name(pages), best->bytes_second.median / 1e9);
    }
  }
  json.end_object();
  json.begin_array("reads");
  for (const ReadLimit& limit : limits.reads) write(json, limit);
  json.end_array();
  json.begin_array("arithmetic");
  for (const ArithmeticLimit& limit : limits.arithmetic) {
    json.begin_object();
    json.text("isa", limit.isa);
    json.text("name", limit.name);
    json.boolean("reference", limit.reference);
    write(json, "gop_s", limit.ops_second, 1e9);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write(Json& json, const Result& result, double limit) {
  json.begin_object();
  json.text("op", result.op);
  json.text("recipe", result.recipe);
  json.text("isa", result.isa);
  json.text("format", result.format);
  json.text("shape", result.shape);
  json.number("rows", static_cast<double>(result.rows));
  if (result.context > 0) json.number("context", static_cast<double>(result.context));
  json.text("pages", page_kind_name(result.pages));
  write(json, "seconds", result.seconds, 1);
  json.number("gb_s", result.bytes / result.seconds.median / 1e9);
  json.number("gop_s", result.ops / result.seconds.median / 1e9);
  if (result.read_bytes_second.count > 0) write(json, "read_gb_s", result.read_bytes_second, 1e9);
  if (limit > 0) {
    json.text("limit", result.memory_bound ? "read" : "arithmetic");
    json.number("share", value_of(result) / result.seconds.median / limit);
  }
  json.end_object();
}

}  // namespace

void Report::begin() {
  if (options_.json) return;
  std::printf("%s, %d threads, medians of up to %d\n", processor_name().c_str(), options_.threads,
              options_.repeats);
}

void Report::add(const ReadLimit& limit) {
  if (options_.json) return;
  if (limit.streams == 1 && limit.prefetch == 0) {
    std::printf("\nread, %s pages          GB/s      min      max\n", page_kind_name(limit.pages));
  }
  char ahead[32] = "";
  if (limit.prefetch != 0) std::snprintf(ahead, sizeof(ahead), ", T0 + %zu", limit.prefetch);
  std::printf("%d streams%-13s %8.2f %8.2f %8.2f\n", limit.streams, ahead, limit.bytes_second.median / 1e9,
              limit.bytes_second.min / 1e9, limit.bytes_second.max / 1e9);
  std::fflush(stdout);
}

void Report::add(const ArithmeticLimit& limit) {
  if (options_.json) return;
  if (heading_ == nullptr) std::printf("\n%-13s %-34s    GOP/s      min      max\n", "isa", "arithmetic");
  heading_ = "arithmetic";
  std::printf("%-13s %-34s %8.1f %8.1f %8.1f\n", limit.isa, limit.name, limit.ops_second.median / 1e9,
              limit.ops_second.min / 1e9, limit.ops_second.max / 1e9);
  std::fflush(stdout);
}

void Report::set_limits(const Limits* limits) {
  limits_ = limits;
  if (options_.json) return;
  std::printf(
      "\nShares of decoding refer to reading the same memory, in turn with it, as was best on its pages:\n");
  for (const PageKind pages : kPageKinds) {
    if (const ReadLimit* best = limits->best_read(pages)) {
      std::printf("  %-13s %.2f GB/s\n", page_kind_name(pages), best->bytes_second.median / 1e9);
    }
  }
  std::printf("Shares of prefill refer to the rate of\n");
  for (const ArithmeticLimit& limit : limits->arithmetic) {
    if (limit.reference) std::printf("  %-13s %s\n", limit.isa, limit.name);
  }
}

double Report::limit_of(const Result& result) const {
  if (limits_ == nullptr) return 0;
  if (result.memory_bound) {
    if (result.read_bytes_second.count > 0) return result.read_bytes_second.median;
    const ReadLimit* read = limits_->best_read(result.pages);
    return read != nullptr ? read->bytes_second.median : 0;
  }
  const ArithmeticLimit* limit = limits_->reference(result.isa);
  return limit != nullptr ? limit->ops_second.median : 0;
}

void Report::add(const Result& result) {
  results_.push_back(result);
  if (options_.json) return;
  if (results_.size() == 1) {
    std::printf("\n%-9s %-7s %-12s %-7s %-13s %5s %7s %10s %9s %9s        %9s\n", "op", "recipe", "isa",
                "format", "shape", "rows", "context", "median", "min", "max", "share");
  }
  const Spread s = rate(value_of(result), result.seconds);
  const double limit = limit_of(result);
  std::printf("%-9s %-7s %-12s %-7s %-13s %5" PRId64 " %7" PRId64 " %10.2f %9.2f %9.2f %-6s %9s\n",
              result.op.c_str(), result.recipe.c_str(), result.isa.c_str(), result.format.c_str(),
              result.shape.c_str(), result.rows, result.context, s.median / 1e9, s.min / 1e9, s.max / 1e9,
              result.memory_bound ? "GB/s" : "GOP/s", limit > 0 ? percent(s.median / limit).c_str() : "");
  std::fflush(stdout);
}

void Report::skip(const std::string& what, const std::string& why) {
  if (!options_.json) std::printf("%s: left out, %s\n", what.c_str(), why.c_str());
}

void Report::end() {
  if (!options_.json) return;
  Json json(stdout);
  json.begin_object();
  json.text("processor", processor_name());
  json.number("threads", options_.threads);
  if (limits_ != nullptr) write(json, *limits_);
  json.begin_array("results");
  for (const Result& result : results_) write(json, result, limit_of(result));
  json.end_array();
  json.end_object();
  std::printf("\n");
}

}  // namespace qwq::bench
