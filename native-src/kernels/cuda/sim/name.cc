#include "kernels/cuda/sim/name.h"

#include <charconv>
#include <cstdint>

namespace qwq::cuda {

namespace {

constexpr std::string_view kSimulated = "sim";
constexpr uint64_t kDefaultBytes = uint64_t{24} << 30;
constexpr uint64_t kMostBytes = uint64_t{1} << 50;

}  // namespace

std::optional<size_t> simulated_memory(std::string_view name) {
  if (name == kSimulated) return kDefaultBytes;
  if (!name.starts_with(kSimulated) || name.size() <= 4 || name[3] != ':') return std::nullopt;
  const char* begin = name.data() + 4;
  const char* end = name.data() + name.size();
  uint64_t count = 0;
  const auto [unit, status] = std::from_chars(begin, end, count);
  if (status != std::errc() || count == 0) return std::nullopt;
  const std::string_view suffix(unit, static_cast<size_t>(end - unit));
  const int shift = suffix == "GiB" ? 30 : suffix == "MiB" ? 20 : 0;
  if (shift == 0 || count > kMostBytes >> shift) return std::nullopt;
  return count << shift;
}

}  // namespace qwq::cuda
