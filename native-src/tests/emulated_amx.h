#pragma once

#include "kernels/backend.h"

namespace qwq::test {

// The amx variant with tile instructions computed in plain code, so that everything around them is tested on
// every processor with AVX-512 VNNI. Needs that; ask cpu_isas() first.
extern const Backend emulated_amx_backend;

// What the processor would have faulted for: tiles used without a configuration, shapes that do not fit.
int emulated_amx_faults();

}  // namespace qwq::test
