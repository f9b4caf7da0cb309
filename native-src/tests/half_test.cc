// Conversions of 16-bit floats, every one of them.
#include <bit>

#include "formats/half.h"
#include "tests/check.h"
#include "tests/format_parts.h"

namespace qwq::test {

TEST(every_f16_decodes_by_its_definition_and_returns) {
  for (int bits = 0; bits < 65536; ++bits) {
    const uint16_t half = static_cast<uint16_t>(bits);
    const float value = f16_to_f32(half);
    if ((bits & 0x7c00) == 0x7c00) {
      if ((bits & 0x3ff) == 0) {
        CHECK(std::isinf(value) && std::signbit(value) == (bits >= 0x8000));
        CHECK_EQ(f32_to_f16(value), half);
      } else {
        CHECK(std::isnan(value));
        CHECK_EQ(f32_to_f16(value), half | 0x0200);
      }
      continue;
    }
    const std::byte bytes[2] = {static_cast<std::byte>(bits & 255), static_cast<std::byte>(bits >> 8)};
    CHECK_EQ(static_cast<double>(value), f16_at(bytes, 0));
    CHECK_EQ(std::signbit(value), bits >= 0x8000);
    CHECK_EQ(f32_to_f16(value), half);
  }
}

// Between two neighbours every float rounds to one of them; rounding is monotonic, so the midpoint and the
// floats beside it decide all.
TEST(f16_rounds_to_nearest_even_between_all_neighbours) {
  for (int bits = 0; bits < 0x7c00; ++bits) {
    const uint16_t below = static_cast<uint16_t>(bits);
    const uint16_t above = static_cast<uint16_t>(bits + 1);
    // Beyond the largest finite value the midpoint is to where the next one would be, 65536.
    const double upper = above == 0x7c00 ? 65536.0 : f16_to_f32(above);
    const float middle = static_cast<float>((f16_to_f32(below) + upper) / 2);
    CHECK_EQ(f32_to_f16(middle), bits % 2 == 0 ? below : above);
    CHECK_EQ(f32_to_f16(std::nextafter(middle, 0.0f)), below);
    CHECK_EQ(f32_to_f16(std::nextafter(middle, INFINITY)), above);
    CHECK_EQ(f32_to_f16(-std::nextafter(middle, 0.0f)), below | 0x8000);
    CHECK_EQ(f32_to_f16(-middle), (bits % 2 == 0 ? below : above) | 0x8000);
  }
  CHECK_EQ(f32_to_f16(3e38f), 0x7c00);
  CHECK_EQ(f32_to_f16(1e-30f), 0);
}

TEST(every_bf16_decodes_and_rounds_to_nearest_even) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = bf16_to_f32(static_cast<uint16_t>(bits));
    CHECK_EQ(std::bit_cast<uint32_t>(value), bits << 16);
    if (std::isnan(value)) {
      CHECK_EQ(f32_to_bf16(value), bits | 0x40);
      continue;
    }
    CHECK_EQ(f32_to_bf16(value), bits);
    if (std::isinf(value)) continue;
    const uint32_t middle = bits << 16 | 0x8000;
    CHECK_EQ(f32_to_bf16(std::bit_cast<float>(middle)), bits + bits % 2);
    CHECK_EQ(f32_to_bf16(std::bit_cast<float>(middle - 1)), bits);
    CHECK_EQ(f32_to_bf16(std::bit_cast<float>(middle + 1)), bits + 1);
  }
}

}  // namespace qwq::test

QWQ_TEST_MAIN
