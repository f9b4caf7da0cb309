// Which of the code that a library holds a GPU can run.
#pragma once

#include <initializer_list>

namespace qwq::cuda {

// `capability` and `compiled` are 100 * major + 10 * minor, as in __CUDA_ARCH_LIST__. Machine code runs on
// its own major version from its minor version on; the newest generation is there as PTX, too, which the
// driver of any later one compiles.
constexpr bool has_code_for(int capability, std::initializer_list<int> compiled) {
  int newest = 0;
  for (const int generation : compiled) {
    if (generation / 100 == capability / 100 && generation <= capability) return true;
    newest = generation > newest ? generation : newest;
  }
  return newest > 0 && newest <= capability;
}

}  // namespace qwq::cuda
