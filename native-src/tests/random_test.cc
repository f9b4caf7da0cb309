#include "formats/random.h"

#include "tests/check.h"

namespace qwq {

// The known answers published with the generator.
TEST(philox_known_answers) {
  using Words = std::array<uint32_t, 4>;
  CHECK((philox4x32(0, {0, 0, 0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  CHECK((philox4x32(0xffffffffffffffff, {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}) ==
         Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  CHECK((philox4x32(0x299f31d0a4093822, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}) ==
         Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(counter_hash_bits_are_balanced) {
  // Each bit of 2^16 draws is set half of the time: a binomial with standard deviation 128.
  int set[64] = {};
  for (uint64_t i = 0; i < 65536; ++i) {
    const uint64_t bits = counter_hash(42, i);
    for (int b = 0; b < 64; ++b) set[b] += static_cast<int>(bits >> b & 1);
  }
  for (const int n : set) CHECK_NEAR(n, 32768, 5 * 128);
  CHECK(counter_hash(1, 0) != counter_hash(2, 0));
  CHECK(counter_hash(1, 0) != counter_hash(1, uint64_t{1} << 32));
}

TEST(normal_moments) {
  constexpr size_t kCount = 1 << 20;
  std::vector<float> x(kCount);
  fill_normal(7, 0, 1.0f, x.data(), kCount);
  double moments[5] = {};
  int beyond_two = 0;
  for (const float v : x) {
    double power = 1;
    for (double& moment : moments) {
      moment += power;
      power *= v;
    }
    if (std::fabs(v) > 2) ++beyond_two;
  }
  // Standard errors for n draws: sqrt(1, 2, 15, 96) / sqrt(n) for the first four moments; five of them.
  const double error = 5 / std::sqrt(static_cast<double>(kCount));
  CHECK_NEAR(moments[1] / kCount, 0, error);
  CHECK_NEAR(moments[2] / kCount, 1, std::sqrt(2.0) * error);
  CHECK_NEAR(moments[3] / kCount, 0, std::sqrt(15.0) * error);
  CHECK_NEAR(moments[4] / kCount, 3, std::sqrt(96.0) * error);
  CHECK_NEAR(beyond_two / static_cast<double>(kCount), 0.0455003, std::sqrt(0.0455 * 0.9545) * error);
}

TEST(normal_matches_box_muller) {
  constexpr size_t kCount = 4096;
  std::vector<float> x(kCount);
  fill_normal(99, 0, 2.5f, x.data(), kCount);
  for (size_t group = 0; group < kCount / 8; ++group) {
    for (size_t lane = 0; lane < 4; ++lane) {
      const uint32_t index = static_cast<uint32_t>(2 * group + lane / 2);
      const std::array<uint32_t, 4> words = philox4x32(99, {index, 0, 0, 1});
      const double u = (words[lane % 2] + 0.5) * 0x1p-32;
      const double angle = 2 * M_PI * static_cast<int32_t>(words[2 + lane % 2]) * 0x1p-32;
      const double radius = 2.5 * std::sqrt(-2 * std::log(u));
      // Rounding u to f32 and the logarithm's series put at most 4e-7 on r^2 of the unit radius r: that is
      // 2e-7 / r on r, never more than its root; sine, cosine and products add a few eps times r.
      const double unit = radius / 2.5;
      const double tolerance = 2.5 * (std::fmin(std::sqrt(4e-7), 2e-7 / unit) + 1e-6 * unit);
      CHECK_NEAR(x[8 * group + lane], radius * std::cos(angle), tolerance);
      CHECK_NEAR(x[8 * group + lane + 4], radius * std::sin(angle), tolerance);
    }
  }
}

TEST(normal_is_the_same_for_any_split) {
  constexpr size_t kCount = 200;
  constexpr uint64_t kOffset = (uint64_t{1} << 33) - 61;
  std::vector<float> whole(kCount);
  fill_normal(3, kOffset, 0.02f, whole.data(), kCount);
  for (size_t cut = 0; cut <= kCount; ++cut) {
    std::vector<float> parts(kCount);
    fill_normal(3, kOffset, 0.02f, parts.data(), cut);
    fill_normal(3, kOffset + cut, 0.02f, parts.data() + cut, kCount - cut);
    CHECK(std::memcmp(whole.data(), parts.data(), kCount * sizeof(float)) == 0);
  }
}

}  // namespace qwq

QWQ_TEST_MAIN
