#pragma once

#include <string>
#include <vector>

namespace qwq::bench {

struct GpuOptions {
  int device = 0;
  std::vector<std::string> ops = {"matmul", "attention", "elementwise"};
  std::vector<std::string> formats = {"Q4_K", "Q6_K", "Q8_0", "BF16"};
  std::vector<std::string> shapes = {"7b", "32b"};
  int repeats = 5;
  bool json = false;
  bool help = false;
};

extern const char* const kGpuUsage;

// Throws std::invalid_argument that names option, expected and found.
GpuOptions parse_gpu_options(int argc, char** argv);

inline bool contains(const std::vector<std::string>& list, const std::string& name) {
  for (const std::string& entry : list) {
    if (entry == name) return true;
  }
  return false;
}

}  // namespace qwq::bench
