// The table of formats, and decoding of each against a second, element-wise reading of its layout.
#include <random>

#include "formats/format_table.h"
#include "tests/check.h"
#include "tests/format_parts.h"

namespace qwq::test {
namespace {

constexpr uint32_t kSeed = 20250306;

int signed_byte(int b) { return b < 128 ? b : b - 256; }

// Value of bits [shift, shift + n) of a byte.
int bits_of(const std::byte* p, int i, int shift, int n) { return byte_at(p, i) >> shift & ((1 << n) - 1); }

// Level i of 32 in sixteen bytes: low nibbles first.
int nibble(const std::byte* p, int i) { return bits_of(p, i % 16, i < 16 ? 0 : 4, 4); }

double q4_0_element(const std::byte* p, int i) { return f16_at(p, 0) * (nibble(p + 2, i) - 8); }

double q4_1_element(const std::byte* p, int i) { return f16_at(p, 0) * nibble(p + 4, i) + f16_at(p, 2); }

double q5_0_element(const std::byte* p, int i) {
  const int fifth = bits_of(p, 2 + i / 8, i % 8, 1);
  return f16_at(p, 0) * (nibble(p + 6, i) + 16 * fifth - 16);
}

double q5_1_element(const std::byte* p, int i) {
  const int fifth = bits_of(p, 4 + i / 8, i % 8, 1);
  return f16_at(p, 0) * (nibble(p + 8, i) + 16 * fifth) + f16_at(p, 2);
}

double q8_0_element(const std::byte* p, int i) { return f16_at(p, 0) * signed_byte(byte_at(p, 2 + i)); }

// One rounding, to float, at the end: every product is exact in double.
double q2_k_element(const std::byte* p, int i) {
  const int level = bits_of(p, 16 + i / 128 * 32 + i % 32, i % 128 / 32 * 2, 2);
  return f16_at(p, 80) * (byte_at(p, i / 16) % 16) * level - f16_at(p, 82) * (byte_at(p, i / 16) / 16);
}

double q3_k_element(const std::byte* p, int i) {
  const int low = bits_of(p, 32 + i / 128 * 32 + i % 32, i % 128 / 32 * 2, 2);
  const int level = low + 4 * bits_of(p, i % 32, i / 32, 1) - 4;
  const int j = i / 16;
  const int scale =
      bits_of(p, 96 + j % 8, j < 8 ? 0 : 4, 4) + 16 * bits_of(p, 104 + j % 4, j / 4 * 2, 2) - 32;
  return f16_at(p, 108) * scale * level;
}

double q4_k_element(const std::byte* p, int i) {
  const int j = i / 32;
  const int level = bits_of(p, 16 + 32 * (j / 2) + i % 32, j % 2 * 4, 4);
  return f16_at(p, 0) * k_scale(p, j) * level - f16_at(p, 2) * k_minimum(p, j);
}

double q5_k_element(const std::byte* p, int i) {
  const int j = i / 32;
  const int level = bits_of(p, 48 + 32 * (j / 2) + i % 32, j % 2 * 4, 4) + 16 * bits_of(p, 16 + i % 32, j, 1);
  return f16_at(p, 0) * k_scale(p, j) * level - f16_at(p, 2) * k_minimum(p, j);
}

double q6_k_element(const std::byte* p, int i) {
  const int half = i / 128;
  const int quarter = i % 128 / 32;
  const int low = bits_of(p, 64 * half + i % 64, quarter < 2 ? 0 : 4, 4);
  const int high = bits_of(p, 128 + 32 * half + i % 32, 2 * quarter, 2);
  return f16_at(p, 208) * signed_byte(byte_at(p, 192 + i / 16)) * (low + 16 * high - 32);
}

int iq4_value(int level) {
  const int values[] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  return values[level];
}

double iq4_nl_element(const std::byte* p, int i) { return f16_at(p, 0) * iq4_value(nibble(p + 2, i)); }

double iq4_xs_element(const std::byte* p, int i) {
  const int j = i / 32;
  const int scale = bits_of(p, 4 + j / 2, j % 2 * 4, 4) + 16 * bits_of(p, 2 + j / 4, j % 4 * 2, 2) - 32;
  return f16_at(p, 0) * scale * iq4_value(nibble(p + 8 + 16 * j, i % 32));
}

struct Layout {
  DType dtype;
  int block_elements;
  int block_bytes;
  double (*element)(const std::byte* block, int i);
};

const Layout kLayouts[] = {
    {DType::kQ4_0, 32, 18, q4_0_element},     {DType::kQ4_1, 32, 20, q4_1_element},
    {DType::kQ5_0, 32, 22, q5_0_element},     {DType::kQ5_1, 32, 24, q5_1_element},
    {DType::kQ8_0, 32, 34, q8_0_element},     {DType::kQ2_K, 256, 84, q2_k_element},
    {DType::kQ3_K, 256, 110, q3_k_element},   {DType::kQ4_K, 256, 144, q4_k_element},
    {DType::kQ5_K, 256, 176, q5_k_element},   {DType::kQ6_K, 256, 210, q6_k_element},
    {DType::kIQ4_NL, 32, 18, iq4_nl_element}, {DType::kIQ4_XS, 256, 136, iq4_xs_element},
};

}  // namespace

TEST(table_lists_every_format_once) {
  struct Expected {
    int dtype;
    const char* name;
    int block_elements;
    int block_bytes;
  };
  const Expected expected[] = {
      {0, "F32", 1, 4},       {1, "F16", 1, 2},         {2, "Q4_0", 32, 18},    {3, "Q4_1", 32, 20},
      {6, "Q5_0", 32, 22},    {7, "Q5_1", 32, 24},      {8, "Q8_0", 32, 34},    {10, "Q2_K", 256, 84},
      {11, "Q3_K", 256, 110}, {12, "Q4_K", 256, 144},   {13, "Q5_K", 256, 176}, {14, "Q6_K", 256, 210},
      {20, "IQ4_NL", 32, 18}, {23, "IQ4_XS", 256, 136}, {30, "BF16", 1, 2},
  };
  CHECK_EQ(all_formats().size(), std::size(expected));
  size_t i = 0;
  for (const FormatInfo& format : all_formats()) {
    CHECK_EQ(static_cast<int>(format.dtype), expected[i].dtype);
    CHECK_EQ(std::string(format.name), expected[i].name);
    CHECK_EQ(format.block_elements, expected[i].block_elements);
    CHECK_EQ(format.block_bytes, expected[i].block_bytes);
    CHECK(find_format(format.dtype) == &format);
    ++i;
  }
  CHECK(find_format(static_cast<DType>(5)) == nullptr);
  CHECK(find_format(static_cast<DType>(21)) == nullptr);
  CHECK(find_format(static_cast<DType>(-1)) == nullptr);
}

TEST(random_blocks_decode_by_the_layout) {
  std::mt19937 random(kSeed);
  for (const Layout& layout : kLayouts) {
    const FormatInfo& format = *find_format(layout.dtype);
    constexpr int kBlocks = 500;
    // One byte of offset: decoding must not depend on alignment.
    std::vector<std::byte> bytes(static_cast<size_t>(kBlocks * layout.block_bytes) + 1);
    for (std::byte& b : bytes) b = static_cast<std::byte>(random() & 255);
    for (int block = 0; block < kBlocks; ++block) {
      for (const int offset : f16_offsets(layout.dtype)) {
        bytes[static_cast<size_t>(1 + block * layout.block_bytes + offset + 1)] &= std::byte{0xbb};  // finite
      }
    }
    std::vector<float> decoded(static_cast<size_t>(kBlocks * layout.block_elements));
    format.dequantize_row(bytes.data() + 1, decoded.data(), static_cast<int64_t>(decoded.size()));
    for (int block = 0; block < kBlocks; ++block) {
      for (int i = 0; i < layout.block_elements; ++i) {
        const double expected = layout.element(bytes.data() + 1 + block * layout.block_bytes, i);
        const float actual = decoded[static_cast<size_t>(block * layout.block_elements + i)];
        CHECK_EQ(actual, static_cast<float>(expected));
      }
    }
  }
}

}  // namespace qwq::test

QWQ_TEST_MAIN
