// Each format's way to take a group apart with NEON against plain code, which also serves formats that have
// no such way yet. Any bytes are a group.
#include <cmath>
#include <cstring>
#include <vector>

#include "formats/format_table.h"
#include "formats/random.h"
#include "kernels/cpu/int8/neon.h"
#include "kernels/cpu/visit_format.h"
#include "tests/check.h"

namespace qwq::test {
namespace {

constexpr uint64_t kSeed = 17;
constexpr uint64_t kGroups = 500;

void fill_bytes(uint64_t stream, std::vector<std::byte>* bytes) {
  for (size_t i = 0; i < bytes->size(); ++i) {
    (*bytes)[i] = static_cast<std::byte>(counter_hash(kSeed + stream, i) & 255);
  }
}

// Bits, but for NaN, of which there are many.
bool same(const float32x4_t (&a)[2], const float32x4_t (&b)[2]) {
  for (int i = 0; i < 8; ++i) {
    const float x = a[i / 4][i % 4];
    const float y = b[i / 4][i % 4];
    if (std::isnan(x) && std::isnan(y)) continue;
    if (std::memcmp(&x, &y, sizeof(x)) != 0) return false;
  }
  return true;
}

template <class Format>
void check_group(const std::byte* group) {
  using Traits = cpu::Int8Format<Format>;
  int8x16_t levels[16];
  int8x16_t plain_levels[16];
  cpu::NeonLevels<Format>::levels(group, levels);
  cpu::PlainNeonLevels<Format>::levels(group, plain_levels);
  CHECK(std::memcmp(levels, plain_levels, sizeof(levels)) == 0);

  const cpu::NeonScales scales = cpu::NeonLevels<Format>::scales(group);
  const cpu::NeonScales plain = cpu::PlainNeonLevels<Format>::scales(group);
  CHECK(same(scales.d, plain.d));
  for (int half = 0; half < (Traits::kHalves ? 2 : 1); ++half) {
    if (Traits::kMinimum) CHECK(same(scales.m[half], plain.m[half]));
    if (Traits::kHalves) CHECK(std::memcmp(scales.s[half], plain.s[half], sizeof(plain.s[half])) == 0);
  }
}

}  // namespace

TEST(vectors_equal_plain_code_for_any_bytes) {
  for (const FormatInfo& format : all_formats()) {
    cpu::visit_format(format.dtype, []<class Format>() {
      if constexpr (Format::kBlockElements > 1) {
        // Exactly as long as the group: what is read beyond shows under a sanitiser.
        std::vector<std::byte> group(cpu::kGroupBytes<Format>);
        for (uint64_t i = 0; i < kGroups; ++i) {
          fill_bytes(i, &group);
          check_group<Format>(group.data());
        }
      }
    });
  }
}

}  // namespace qwq::test

QWQ_TEST_MAIN
