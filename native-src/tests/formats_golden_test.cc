// Decoding against an independent implementation; see tools/golden_formats.py.
#include <bit>
#include <string>

#include "formats/format_table.h"
#include "tests/check.h"
#include "tests/format_parts.h"
#include "tests/formats_golden.h"

namespace qwq::test {
namespace {

int hex_digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::vector<std::byte> from_hex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(hex_digit(text[i]) * 16 + hex_digit(text[i + 1])));
  }
  return bytes;
}

// The bytes that the golden checksums are of.
std::vector<std::byte> generate(const FormatInfo& format, int blocks) {
  const size_t size = static_cast<size_t>(format.block_bytes);
  std::vector<std::byte> bytes(size * static_cast<size_t>(blocks));
  uint64_t state = kGoldenSeed;
  for (std::byte& b : bytes) {
    state = state * 6364136223846793005 + 1442695040888963407;
    b = static_cast<std::byte>(state >> 56);
  }
  for (size_t block = 0; block < bytes.size(); block += size) {
    for (const int offset : f16_offsets(format.dtype)) {
      bytes[block + static_cast<size_t>(offset) + 1] &= std::byte{0xbb};  // finite
    }
  }
  return bytes;
}

}  // namespace

TEST(every_quantised_format_has_a_golden_block) {
  size_t quantised = 0;
  for (const FormatInfo& format : all_formats()) quantised += format.block_elements > 1;
  CHECK_EQ(std::size(kGolden), quantised);
  for (size_t i = 1; i < std::size(kGolden); ++i) CHECK(kGolden[i].dtype != kGolden[i - 1].dtype);
}

TEST(golden_blocks_decode_bit_for_bit) {
  for (const Golden& golden : kGolden) {
    const FormatInfo& format = *find_format(golden.dtype);
    const std::vector<std::byte> block = from_hex(golden.block);
    CHECK_EQ(block.size(), static_cast<size_t>(format.block_bytes));
    std::vector<float> decoded(static_cast<size_t>(format.block_elements));
    format.dequantize_row(block.data(), decoded.data(), format.block_elements);
    CHECK_EQ(golden.values.size(), (decoded.size() - 1) / static_cast<size_t>(golden.stride) + 1);
    for (size_t i = 0; i < golden.values.size(); ++i) {
      CHECK_EQ(decoded[i * static_cast<size_t>(golden.stride)], golden.values[i]);
    }
  }
}

// Every byte of a block takes every value. The factors are odd: one wrong bit changes the sum.
TEST(generated_blocks_decode_bit_for_bit) {
  for (const Golden& golden : kGolden) {
    const FormatInfo& format = *find_format(golden.dtype);
    const std::vector<std::byte> bytes = generate(format, kGoldenBlocks);
    std::vector<float> decoded(static_cast<size_t>(kGoldenBlocks * format.block_elements));
    format.dequantize_row(bytes.data(), decoded.data(), static_cast<int64_t>(decoded.size()));
    uint64_t checksum = 0;
    uint64_t factor = 0x9e3779b97f4a7c15;
    for (const float value : decoded) {
      checksum += std::bit_cast<uint32_t>(value) * factor;
      factor += 2 * 0x9e3779b97f4a7c15;
    }
    if (checksum != golden.checksum) std::printf("%s\n", format.name);
    CHECK_EQ(checksum, golden.checksum);
  }
}

}  // namespace qwq::test

QWQ_TEST_MAIN
