// Rotary frequencies against the published formulas, evaluated apart from the library.
#include "runtime/rope.h"

#include "tests/check.h"

using namespace qwq;

namespace {

RopeConfig plain(int head_dim, double theta) {
  RopeConfig config{};
  config.scaling = RopeScaling::kNone;
  config.head_dim = head_dim;
  config.theta = theta;
  return config;
}

// QwQ-32B with the rope_scaling its model card recommends for long inputs.
RopeConfig qwq_yarn() {
  RopeConfig config = plain(128, 1e6);
  config.scaling = RopeScaling::kYarn;
  config.factor = 4;
  config.beta_fast = 32;
  config.beta_slow = 1;
  config.original_context = 32768;
  return config;
}

// One rounding to f32.
double half_ulp(double value) {
  return std::fabs(value) * 0x1p-24;
}

}  // namespace

TEST(frequencies_without_scaling) {
  for (const int head_dim : {2, 6, 64, 80, 128}) {
    const Rope rope = make_rope(plain(head_dim, 1e4));
    CHECK_EQ(rope.inv_freq.size(), static_cast<size_t>(head_dim / 2));
    CHECK_EQ(rope.attention_factor, 1.0f);
    for (int i = 0; i < head_dim / 2; ++i) {
      const double expected = std::exp(-2.0 * i / head_dim * std::log(1e4));
      // pow and exp(log) differ by a few double ulps, far below the rounding to f32.
      CHECK_NEAR(rope.inv_freq[static_cast<size_t>(i)], expected, 1.01 * half_ulp(expected));
    }
  }
}

// low = floor(23.596) = 23, high = ceil(39.651) = 40, so dimensions 0..23 keep their frequency, 40..63 have a
// quarter of it, and those between mix: i = 30 has ramp 7/17, that is 1 - 3/4 * 7/17 = 47/68 of it.
TEST(yarn_of_qwq) {
  const Rope rope = make_rope(qwq_yarn());
  const auto original = [](int i) { return std::exp(-i / 64.0 * std::log(1e6)); };
  for (int i = 0; i < 64; ++i) {
    double share = i <= 23 ? 1 : 0.25;
    if (i > 23 && i < 40) share = 1 - 0.75 * (i - 23) / 17.0;
    const double expected = original(i) * share;
    CHECK_NEAR(rope.inv_freq[static_cast<size_t>(i)], expected, 1.01 * half_ulp(expected));
  }
  const double i30 = 47.0 / 68.0 * std::pow(10.0, -180.0 / 64.0);
  CHECK_NEAR(rope.inv_freq[30], i30, 1.01 * half_ulp(i30));
  CHECK_NEAR(rope.attention_factor, 1.138629436111989, half_ulp(1.14));  // 0.1 ln 4 + 1
}

TEST(attention_factor_of_the_configuration_wins) {
  RopeConfig config = qwq_yarn();
  config.attention_factor = 1.25;
  CHECK_EQ(make_rope(config).attention_factor, 1.25f);
}

TEST(yarn_by_a_factor_of_one_changes_nothing) {
  RopeConfig config = qwq_yarn();
  config.factor = 1;
  const Rope scaled = make_rope(config);
  const Rope original = make_rope(plain(128, 1e6));
  CHECK_EQ(scaled.attention_factor, 1.0f);
  for (size_t i = 0; i < 64; ++i)
    CHECK_NEAR(scaled.inv_freq[i], original.inv_freq[i], half_ulp(original.inv_freq[i]));
}

// A ramp of no width is a step, not 0/0.
TEST(yarn_with_equal_corners_is_finite) {
  RopeConfig config = qwq_yarn();
  config.head_dim = 2;
  config.original_context = 7;
  for (const float freq : make_rope(config).inv_freq) CHECK(std::isfinite(freq) && freq > 0);
}

QWQ_TEST_MAIN
