// Decoding: conversions of 16-bit floats, each format against a second, element-wise reading of its layout,
// and against blocks decoded by an independent implementation.
#include <bit>
#include <random>

#include "formats/format_table.h"
#include "formats/half.h"
#include "tests/check.h"

namespace qwq {
namespace {

constexpr uint32_t kSeed = 20250306;

std::vector<std::byte> random_bytes(size_t n, std::mt19937& random) {
  std::vector<std::byte> bytes(n);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random() & 255);
  return bytes;
}

int byte_at(const std::byte* p, int i) { return static_cast<int>(p[i]); }

// An f16 by its definition.
double f16_at(const std::byte* p, int offset) {
  const int bits = byte_at(p, offset) | byte_at(p, offset + 1) << 8;
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

int signed_byte(int b) { return b < 128 ? b : b - 256; }

double q4_0_element(const std::byte* p, int i) {
  const int b = byte_at(p, 2 + i % 16);
  return f16_at(p, 0) * ((i < 16 ? b % 16 : b / 16) - 8);
}

double q5_0_element(const std::byte* p, int i) {
  const int b = byte_at(p, 6 + i % 16);
  const int fifth = byte_at(p, 2 + i / 8) >> (i % 8) & 1;
  return f16_at(p, 0) * ((i < 16 ? b % 16 : b / 16) + 16 * fifth - 16);
}

double q8_0_element(const std::byte* p, int i) { return f16_at(p, 0) * signed_byte(byte_at(p, 2 + i)); }

// One rounding, to float, at the end: every product is exact in double.
double q4_k_element(const std::byte* p, int i) {
  const int j = i / 32;
  int scale = 0;
  int minimum = 0;
  if (j < 4) {
    scale = byte_at(p, 4 + j) % 64;
    minimum = byte_at(p, 8 + j) % 64;
  } else {
    scale = byte_at(p, 8 + j) % 16 + byte_at(p, j) / 64 * 16;
    minimum = byte_at(p, 8 + j) / 16 + byte_at(p, 4 + j) / 64 * 16;
  }
  const int b = byte_at(p, 16 + 32 * (j / 2) + i % 32);
  const int level = j % 2 == 0 ? b % 16 : b / 16;
  return f16_at(p, 0) * scale * level - f16_at(p, 2) * minimum;
}

double q6_k_element(const std::byte* p, int i) {
  const int half = i / 128;
  const int quarter = i % 128 / 32;
  const int low_byte = byte_at(p, 64 * half + i % 64);
  const int low = quarter < 2 ? low_byte % 16 : low_byte / 16;
  const int high = byte_at(p, 128 + 32 * half + i % 32) >> (2 * quarter) & 3;
  return f16_at(p, 208) * signed_byte(byte_at(p, 192 + i / 16)) * (low + 16 * high - 32);
}

struct Layout {
  DType dtype;
  int block_elements;
  int block_bytes;
  std::vector<int> scale_offsets;  // of f16 fields
  double (*element)(const std::byte* block, int i);
};

const Layout kLayouts[] = {
    {DType::kQ4_0, 32, 18, {0}, q4_0_element},     {DType::kQ5_0, 32, 22, {0}, q5_0_element},
    {DType::kQ8_0, 32, 34, {0}, q8_0_element},     {DType::kQ4_K, 256, 144, {0, 2}, q4_k_element},
    {DType::kQ6_K, 256, 210, {208}, q6_k_element},
};

struct Golden {
  DType dtype;
  const char* block;  // hexadecimal
  int stride;         // of the elements listed
  std::vector<float> values;
};

// Random blocks, decoded by the Python package gguf 0.17.
const Golden kGolden[] = {
    {DType::kQ4_0,
     "331ae5f1a94106a0956a26afbccdafe562f9",
     5,
     {-0x1.299p-7f, -0x1.8ccp-6f, 0x1.8ccp-7f, 0x1.8ccp-9f, -0x1.8ccp-6f, 0x1.8ccp-8f, -0x1.8ccp-8f}},
    {DType::kQ5_0,
     "4c2093c64551370e99b2d74c3427fa48d732a1df70ac",
     5,
     {0x1.e14p-5f, -0x1.13p-5f, 0x1.e14p-5f, 0x1.9c8p-4f, -0x1.9c8p-6f, -0x1.9c8p-4f, 0x1.e14p-5f}},
    {DType::kQ8_0,
     "bf1a59015e19a621f9bd0ccc21397c1ec795ca7748dc03d17a88934d85527357a2e6",
     5,
     {0x1.2c338p-2f, 0x1.bd3ep-4f, 0x1.bd3ep-4f, -0x1.68ea8p-2f, 0x1.43dp-7f, 0x1.03b98p-2f, -0x1.3d11p-2f}},
    {DType::kQ4_K,
     "9c1a88145185f0711ef7677a1f132a818d882195a100b28d6b236b82481bd9fe630dc3ce3be4ebcab72f45b35223479f"
     "6e794d57037e2cfde9e15a7789781e3721a557d8e5a703296dcb81db3f65cf9c1bdc5d1d8fc83f0b0bb4db71be572209"
     "851d3d24f4c0cf83fe4363f82f4759778955f6ced681cbea7179ced2c8f814a13472ff70ce369d8385452a44f318337f",
     23,
     {0x1.5c2dp-1f, 0x1.07e8p-1f, 0x1.31p-3f, 0x1.10124p+1f, 0x1.23e64p+1f, 0x1.fdd88p+0f, 0x1.1971p+0f,
      0x1.6a08p+0f, 0x1.a3ddp+0f, 0x1.569p-3f, 0x1.437cp-1f, 0x1.cfep-6f}},
    {DType::kQ6_K,
     "a79be118544441317c9311f85e0429b19f7ec0e156f65a3322e791b880ee995e3f0d307d2fbaf400693a179e0d027ed4"
     "e58be7a9ebc28a271d43a78855638144eb6603f7b2725de11fe6ac2f88a68182869793f0aad6ded8116e3ab51681c4a3"
     "74fec70a68b3e4bdc92b387987416c17ec90963ec766888ab4b80eba7c5cfd81121bea9cee1810dfd5169faf26cd7b5c"
     "30c8aba44d972299e8c7b41b9a1d2b0f180600a974d63b6332202c998e82b2522c49c4394c7d73265b6aaf61b288fbd0"
     "aecfa766616223611e764c93aa388ffa9a1e",
     23,
     {-0x1.d9a98p+1f, 0x1.06d32p+2f, -0x1.010c6p+3f, -0x1.e0438p+2f, -0x1.437ap+2f, 0x1.90384p+2f,
      -0x1.ef1ep+1f, -0x1.f5b8p-1f, -0x1.67c9p+1f, 0x1.1bdep+2f, 0x1.a39cap+3f, -0x1.8c18p-3f}},
};

int hex_digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::vector<std::byte> from_hex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(hex_digit(text[i]) * 16 + hex_digit(text[i + 1])));
  }
  return bytes;
}

}  // namespace

TEST(table_lists_every_format_once) {
  struct Expected {
    int dtype;
    const char* name;
    int block_elements;
    int block_bytes;
  };
  const Expected expected[] = {{0, "F32", 1, 4},       {1, "F16", 1, 2},    {2, "Q4_0", 32, 18},
                               {6, "Q5_0", 32, 22},    {8, "Q8_0", 32, 34}, {12, "Q4_K", 256, 144},
                               {14, "Q6_K", 256, 210}, {30, "BF16", 1, 2}};
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
  CHECK(find_format(static_cast<DType>(3)) == nullptr);
  CHECK(find_format(static_cast<DType>(-1)) == nullptr);
}

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

TEST(random_blocks_decode_by_the_layout) {
  std::mt19937 random(kSeed);
  for (const Layout& layout : kLayouts) {
    const FormatInfo& format = *find_format(layout.dtype);
    constexpr int kBlocks = 500;
    // One byte of offset: decoding must not depend on alignment.
    std::vector<std::byte> bytes =
        random_bytes(static_cast<size_t>(kBlocks * layout.block_bytes) + 1, random);
    for (int block = 0; block < kBlocks; ++block) {
      for (const int offset : layout.scale_offsets) {
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

TEST(golden_blocks_decode_bit_for_bit) {
  for (const Golden& golden : kGolden) {
    const FormatInfo& format = *find_format(golden.dtype);
    const std::vector<std::byte> block = from_hex(golden.block);
    CHECK_EQ(block.size(), static_cast<size_t>(format.block_bytes));
    std::vector<float> decoded(static_cast<size_t>(format.block_elements));
    format.dequantize_row(block.data(), decoded.data(), format.block_elements);
    for (size_t i = 0; i < golden.values.size(); ++i) {
      CHECK_EQ(decoded[i * static_cast<size_t>(golden.stride)], golden.values[i]);
    }
  }
}

}  // namespace qwq

QWQ_TEST_MAIN
