#pragma once

#include <vector>

namespace qwq {

// Processors that the calling thread may run on, ascending: what taskset, cpusets and containers leave of the
// machine's. Empty where the operating system does not tell.
std::vector<int> allowed_processors();

// Binds the calling thread to one of them. False where that is not possible.
bool pin_to_processor(int processor);

}  // namespace qwq
