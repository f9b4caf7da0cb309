#include "bench/cuda/gpu_options.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "bench/shapes.h"
#include "formats/format_table.h"

namespace qwq::bench {

const char* const kGpuUsage = R"(Usage: gpu_bench [options]
Measures what a GPU can do, then the CUDA kernels against it.

  --device N       (default: 0)
  --op LIST        matmul, attention, elementwise (default: all)
  --format LIST    weight formats, or all (default: Q4_K,Q6_K,Q8_0,BF16)
  --shape LIST     1.5b, 7b, 32b (default: 7b,32b)
  --repeat N       measurements of a figure (default: 5)
  --json           one JSON document instead of a table
)";

namespace {

[[noreturn]] void refuse(const std::string& message) { throw std::invalid_argument(message); }

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

int number(const std::string& option, const std::string& text, int least) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != 0 || value < least || value > 1000) {
    refuse(option + ": expected a whole number from " + std::to_string(least) + " to 1000, found \"" + text +
           "\"");
  }
  return static_cast<int>(value);
}

void check_each(const std::string& option, const std::vector<std::string>& found,
                const std::vector<std::string>& known) {
  std::string expected;
  for (const std::string& name : known) expected += (expected.empty() ? "" : ", ") + name;
  for (const std::string& name : found) {
    if (!contains(known, name)) refuse(option + ": expected " + expected + ", found \"" + name + "\"");
  }
}

}  // namespace

GpuOptions parse_gpu_options(int argc, char** argv) {
  GpuOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) refuse(option + ": a value is missing");
      return argv[++i];
    };
    if (option == "--device") {
      options.device = number(option, value(), 0);
    } else if (option == "--op") {
      options.ops = split(value());
    } else if (option == "--format") {
      options.formats = split(value());
    } else if (option == "--shape") {
      options.shapes = split(value());
    } else if (option == "--repeat") {
      options.repeats = number(option, value(), 1);
    } else if (option == "--json") {
      options.json = true;
    } else if (option == "--help" || option == "-h") {
      options.help = true;
    } else {
      refuse("unknown option " + option);
    }
  }
  std::vector<std::string> formats, shapes;
  for (const FormatInfo& format : all_formats()) formats.push_back(format.name);
  for (const ModelShape& model : model_shapes()) shapes.push_back(model.name);
  if (options.formats == std::vector<std::string>{"all"}) options.formats = formats;
  check_each("--format", options.formats, formats);
  check_each("--shape", options.shapes, shapes);
  check_each("--op", options.ops, {"matmul", "attention", "elementwise"});
  return options;
}

}  // namespace qwq::bench
