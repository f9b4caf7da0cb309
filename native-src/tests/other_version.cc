// A library that passes for qwq's until its version is read or another function is looked up.
#include <cstdint>

extern "C" __attribute__((visibility("default"))) std::uint32_t qwq_abi_version() {
  return QWQ_TEST_VERSION;
}
