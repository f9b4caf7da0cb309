// Names of simulated devices.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace qwq::cuda {

// Bytes of memory of the simulated device of this name: "sim" is a card of 24 GiB, "sim:12GiB" and
// "sim:512MiB" say theirs. Nothing for any other name.
std::optional<size_t> simulated_memory(std::string_view name);

}  // namespace qwq::cuda
