#include "kernels/cpu/isa.h"

#include <string_view>

namespace qwq {

std::span<const CpuIsa> cpu_isas() { return {}; }

const Backend* cpu_backend(const char* isa_name) {
  const std::string_view wanted(isa_name);
  const Backend* best = nullptr;
  for (const CpuIsa& isa : cpu_isas()) {
    if (isa.usable() && (wanted.empty() || wanted == isa.name)) best = isa.backend;
  }
  return best;
}

}  // namespace qwq
