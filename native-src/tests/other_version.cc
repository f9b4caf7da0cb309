// A library that passes for qwq's until it is asked for its version.
#include <cstdint>

extern "C" __attribute__((visibility("default"))) std::uint32_t qwq_abi_version() { return 999; }
