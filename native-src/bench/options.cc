#include "bench/options.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

#include "bench/shapes.h"
#include "formats/format_table.h"
#include "kernels/cpu/isa.h"

namespace qwq::bench {

const char* const kUsage = R"(Usage: kernel_bench [options]
Measures the limits of this machine, then the cpu backend's matmul and attention against them.

  --format LIST    weight formats, such as Q4_K,Q8_0 (default: all)
  --isa LIST       variants of the cpu backend (default: all usable ones but generic)
  --shape LIST     models or matrices, by prefix: 32b, 7b.gate_up (default: all)
  --op LIST        matmul, attention (default: both)
  --rows LIST      rows of x: 1, 4, 16 are decoded, 64, 512 prefilled (default: all)
  --threads N      (default: one for each processor)
  --repeat N       measurements of a figure (default: 5)
  --pages KIND     normal, huge or file, for the weights (default: normal, or file with --folder)
  --folder FOLDER  make files there, and measure reading mapped ones, too
  --weight-mib N   weights that are read before a matrix comes round again (default: 400)
  --read-mib N     memory that read bandwidth is measured on (default: 1536)
  --limits-only    nothing but the limits
  --no-limits      no limits, so no shares
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

int positive(const std::string& option, std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) {
    refuse(option + ": expected a whole number of 1 or more, found \"" + std::string(text) + "\"");
  }
  return value;
}

PageKind page_kind(const std::string& name) {
  for (const PageKind pages : kPageKinds) {
    if (name == page_kind_name(pages)) return pages;
  }
  refuse("--pages: expected normal, huge or file, found \"" + name + "\"");
}

// Every entry must satisfy known(entry), or a typing error would measure nothing.
template <typename Known>
void check_each(const std::string& option, const std::vector<std::string>& list, const std::string& expected,
                Known&& known) {
  for (const std::string& entry : list) {
    if (!known(entry)) refuse(option + ": expected " + expected + ", found \"" + entry + "\"");
  }
}

void check(const Options& options) {
  check_each("--format", options.formats, "names of formats such as Q4_K", [](const std::string& name) {
    return std::ranges::any_of(all_formats(), [&](const FormatInfo& format) { return name == format.name; });
  });
  check_each("--isa", options.isas, "variants that this machine can run", [](const std::string& name) {
    return std::ranges::any_of(cpu_isas(),
                               [&](const CpuIsa& isa) { return isa.usable() && name == isa.name; });
  });
  check_each("--shape", options.shapes, "beginnings of names such as 32b.gate_up",
             [](const std::string& name) {
               return std::ranges::any_of(model_shapes(), [&](const ModelShape& model) {
                 return std::ranges::any_of(
                            matmul_shapes(model),
                            [&](const MatmulShape& shape) { return shape.name.starts_with(name); }) ||
                        attention_name(model).starts_with(name);
               });
             });
  check_each("--op", options.ops, "matmul or attention",
             [](const std::string& name) { return name == "matmul" || name == "attention"; });
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  options.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  std::string pages;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) refuse(option + ": a value is missing");
      return argv[++i];
    };
    if (option == "--format") {
      options.formats = split(value());
    } else if (option == "--isa") {
      options.isas = split(value());
    } else if (option == "--shape") {
      options.shapes = split(value());
    } else if (option == "--op") {
      options.ops = split(value());
    } else if (option == "--rows") {
      for (const std::string& rows : split(value())) options.rows.push_back(positive(option, rows));
    } else if (option == "--threads") {
      options.threads = positive(option, value());
    } else if (option == "--repeat") {
      options.repeats = positive(option, value());
    } else if (option == "--weight-mib") {
      options.weight_mebibytes = static_cast<size_t>(positive(option, value()));
    } else if (option == "--read-mib") {
      options.read_mebibytes = static_cast<size_t>(positive(option, value()));
    } else if (option == "--pages") {
      pages = value();
    } else if (option == "--folder") {
      options.folder = value();
    } else if (option == "--limits-only") {
      options.limits_only = true;
    } else if (option == "--no-limits") {
      options.no_limits = true;
    } else if (option == "--json") {
      options.json = true;
    } else if (option == "--help" || option == "-h") {
      options.help = true;
    } else {
      refuse("unknown option " + option);
    }
  }
  if (pages.empty()) pages = options.folder.empty() ? "normal" : "file";
  options.pages = page_kind(pages);
  if (options.pages == PageKind::kFile && options.folder.empty()) refuse("--pages file: --folder is missing");
  if (!options.folder.empty() && !std::filesystem::is_directory(options.folder)) {
    refuse("--folder: expected a folder, found \"" + options.folder + "\"");
  }
  check(options);
  return options;
}

bool selected(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() || std::ranges::find(list, name) != list.end();
}

bool selected_prefix(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() || std::ranges::any_of(list, [&](const std::string& p) { return name.starts_with(p); });
}

}  // namespace qwq::bench
