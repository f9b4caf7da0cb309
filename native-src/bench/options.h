#pragma once

#include <string>
#include <vector>

#include "bench/buffer.h"

namespace qwq::bench {

// What the command line asks for. Empty lists: everything that is usual.
struct Options {
  int threads = 0;  // 0 in a fresh object; parse_options puts the number of processors
  int repeats = 5;
  size_t read_mebibytes = 1536;        // of the buffer read bandwidth is measured on
  size_t weight_mebibytes = 400;       // at least so many are read before a matrix comes round again
  PageKind pages = PageKind::kNormal;  // of weights
  std::string folder;  // where files for pages of that kind are made; empty: they are not measured
  std::vector<std::string> formats;
  std::vector<std::string> isas;    // default: all usable but "generic"
  std::vector<std::string> shapes;  // prefixes
  std::vector<std::string> ops;     // "matmul", "attention"
  std::vector<int> rows;
  bool limits_only = false;
  bool no_limits = false;
  bool json = false;
  bool help = false;
};

// Throws std::invalid_argument with a sentence for the user.
Options parse_options(int argc, char** argv);

extern const char* const kUsage;

// Whether `name` is in the list, or the list is empty.
bool selected(const std::vector<std::string>& list, const std::string& name);
// Whether an entry of the list is a prefix of `name`, or the list is empty.
bool selected_prefix(const std::vector<std::string>& list, const std::string& name);

}  // namespace qwq::bench
