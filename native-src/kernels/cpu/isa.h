#pragma once

#include <span>

#include "kernels/backend.h"

namespace qwq {

// An instruction-set variant of the cpu backend.
struct CpuIsa {
  const char* name;
  bool compiled;           // this build contains it
  bool cpu_has;            // the processor has every instruction it needs
  bool os_enabled;         // the operating system saves the registers it needs
  const Backend* backend;  // null unless compiled

  bool usable() const { return compiled && cpu_has && os_enabled; }
};

// All variants known by name, best last.
std::span<const CpuIsa> cpu_isas();

}  // namespace qwq
