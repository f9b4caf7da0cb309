#pragma once

#include <string>

namespace qwq::bench {

// As /proc/cpuinfo has it; "unknown processor" where there is none.
std::string processor_name();

}  // namespace qwq::bench
