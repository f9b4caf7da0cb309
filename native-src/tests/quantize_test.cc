// Quantising: the levels are the best for the scales chosen, the scales are at least as good as the plain
// choice, and nothing finite breaks a block.
#include <cfloat>
#include <random>

#include "formats/format_table.h"
#include "formats/half.h"
#include "formats/random.h"
#include "formats/search_iq4.h"
#include "tests/check.h"

namespace qwq {
namespace {

constexpr uint64_t kSeed = 20250306;

std::vector<float> round_trip(const FormatInfo& format, const std::vector<float>& x) {
  const size_t blocks = x.size() / static_cast<size_t>(format.block_elements);
  std::vector<std::byte> bytes(blocks * static_cast<size_t>(format.block_bytes));
  std::vector<float> decoded(x.size());
  format.quantize_row(x.data(), bytes.data(), static_cast<int64_t>(x.size()));
  format.dequantize_row(bytes.data(), decoded.data(), static_cast<int64_t>(x.size()));
  return decoded;
}

std::vector<float> normal(size_t n, uint64_t seed, float stddev = 0.02f) {
  std::vector<float> x(n);
  fill_normal(seed, 0, stddev, x.data(), n);
  return x;
}

// rms(x - y) / rms(x)
double relative_error(const std::vector<float>& x, const std::vector<float>& y) {
  double error = 0;
  double norm = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    error += (static_cast<double>(x[i]) - y[i]) * (static_cast<double>(x[i]) - y[i]);
    norm += static_cast<double>(x[i]) * x[i];
  }
  return std::sqrt(error / norm);
}

// Squared error under the weights the quantisers minimise: rms + |x|.
double weighted_error(const float* x, const float* y, int n) {
  double squares = 0;
  for (int i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * x[i];
  const double rms = std::sqrt(squares / n);
  double error = 0;
  for (int i = 0; i < n; ++i) {
    const double e = static_cast<double>(x[i]) - y[i];
    error += (rms + std::fabs(x[i])) * e * e;
  }
  return error;
}

// The textbook choice: the range over the levels, no search, scales not rounded.
void plain_symmetric(const float* x, int n, int levels, float* y) {
  float extreme = 0;
  for (int i = 0; i < n; ++i) {
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  }
  const double step = extreme / -levels;
  for (int i = 0; i < n; ++i) {
    const double level = std::fmin(std::fmax(std::nearbyint(x[i] / step), -levels), levels - 1);
    y[i] = static_cast<float>(step * level);
  }
}

void plain_affine(const float* x, int n, int levels, float* y) {
  float low = 0;
  float high = x[0];
  for (int i = 0; i < n; ++i) {
    low = std::fmin(low, x[i]);
    high = std::fmax(high, x[i]);
  }
  const double step = (high - low) / static_cast<double>(levels);
  for (int i = 0; i < n; ++i) y[i] = static_cast<float>(low + step * std::nearbyint((x[i] - low) / step));
}

double nearest_iq4_value(double v) {
  double nearest = kIq4Values[0];
  for (const int8_t value : kIq4Values) {
    if (std::fabs(value - v) < std::fabs(nearest - v)) nearest = value;
  }
  return nearest;
}

void plain_iq4(const float* x, int n, float* y) {
  float extreme = 0;
  for (int i = 0; i < n; ++i) {
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  }
  const double step = extreme / -127.0;
  for (int i = 0; i < n; ++i) y[i] = static_cast<float>(step * nearest_iq4_value(x[i] / step));
}

enum class Kind {
  kSymmetric,  // scale * (level - n)
  kAffine,     // scale * level + minimum
  kIq4,        // scale * kIq4Values[level]
};

struct Quantiser {
  DType dtype;
  Kind kind;
  int sub_block;  // elements that share a scale
  int n_levels;   // on the longer side of zero, or above the minimum
  int n_units;    // of the scales of a super-block, on the longer side of zero; 0 if they are f16
};

const Quantiser kQuantisers[] = {
    {DType::kQ4_0, Kind::kSymmetric, 32, 8, 0},   {DType::kQ4_1, Kind::kAffine, 32, 15, 0},
    {DType::kQ5_0, Kind::kSymmetric, 32, 16, 0},  {DType::kQ5_1, Kind::kAffine, 32, 31, 0},
    {DType::kQ8_0, Kind::kSymmetric, 32, 127, 0}, {DType::kQ2_K, Kind::kAffine, 16, 3, 15},
    {DType::kQ3_K, Kind::kSymmetric, 16, 4, 32},  {DType::kQ4_K, Kind::kAffine, 32, 15, 63},
    {DType::kQ5_K, Kind::kAffine, 32, 31, 63},    {DType::kQ6_K, Kind::kSymmetric, 16, 32, 128},
    {DType::kIQ4_NL, Kind::kIq4, 32, 8, 0},       {DType::kIQ4_XS, Kind::kIq4, 32, 8, 32},
};

}  // namespace

TEST(zero_blocks_stay_zero) {
  for (const FormatInfo& format : all_formats()) {
    const std::vector<float> zeros(512, 0.0f);
    for (const float v : round_trip(format, zeros)) CHECK_EQ(v, 0.0f);
  }
}

TEST(all_quantisers_are_listed) {
  size_t quantised = 0;
  for (const FormatInfo& format : all_formats()) quantised += format.block_elements > 1;
  CHECK_EQ(std::size(kQuantisers), quantised);
}

// The search may stretch or clip the range by one level at an end, and the symmetric formats lack the last
// positive level: with the half step of rounding, one and a half steps in all. All sub-blocks are alike, so
// their scales are the largest, but they and the minimums may be moved by one unit, which the farthest level
// sees. The values of IQ4 are up to 24 of 240 apart; a scale that puts 1 between 107 and 147 may cut off the
// side that ends at 113.
TEST(ramp_is_off_by_rounding_and_clipping_only) {
  for (const Quantiser& q : kQuantisers) {
    // From -1 to 1 in every sub-block.
    std::vector<float> x(256);
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t in_sub_block = i % static_cast<size_t>(q.sub_block);
      x[i] = -1.0f + 2.0f * static_cast<float>(in_sub_block) / static_cast<float>(q.sub_block - 1);
    }
    const std::vector<float> y = round_trip(*find_format(q.dtype), x);
    const double unit = q.n_units == 0 ? 0x1p-11 : 1.0 / q.n_units;
    double bound = 0;
    if (q.kind == Kind::kIq4) {
      bound = std::fmax(12.0 / 107, (147.0 - 113) / 147) + unit;
    } else {
      const double step = q.kind == Kind::kSymmetric ? 1.0 / q.n_levels : 2.0 / q.n_levels;
      bound = 1.5 * step + (q.kind == Kind::kSymmetric ? 1 : 2 + 1) * unit;
    }
    for (size_t i = 0; i < x.size(); ++i) CHECK_NEAR(y[i], x[i], bound);
  }
}

TEST(q8_0_error_is_half_a_step) {
  const std::vector<float> x = normal(1 << 14, kSeed);
  const std::vector<float> y = round_trip(*find_format(DType::kQ8_0), x);
  for (size_t block = 0; block < x.size(); block += 32) {
    float magnitude = 0;
    for (size_t i = block; i < block + 32; ++i) magnitude = std::fmax(magnitude, std::fabs(x[i]));
    // The step is rounded to f16 (relative 2^-11); when it shrinks, the extreme element loses 127 * 2^-11 of
    // a step; the reciprocal adds 2^-23 of up to 127 levels.
    const double step = magnitude / 127.0 * (1 + 0x1p-11);
    for (size_t i = block; i < block + 32; ++i) CHECK_NEAR(y[i], x[i], step * (0.5 + 127 * 0x1p-11));
  }
}

TEST(iq4_levels_stand_for_the_nearest_values) {
  for (int i = -40000; i <= 40000; ++i) {
    alignas(16) const float x[4] = {static_cast<float>(i) / 256, 0, 0, 0};
    uint8_t levels[4];
    assign_iq4_levels<4>(x, 1.0f, levels);
    CHECK_EQ(std::fabs(kIq4Values[levels[0]] - x[0]), std::fabs(nearest_iq4_value(x[0]) - x[0]));
    CHECK_EQ(static_cast<int>(kIq4Values[levels[1]]), 1);
  }
}

// The plain choice is among the candidates of the search, and least squares only improves on it. What may be
// lost again is the rounding of the scales: to f16, relative 2^-11, and in K-quants to units.
TEST(search_beats_the_plain_choice) {
  for (const Quantiser& q : kQuantisers) {
    if (q.dtype == DType::kQ8_0) continue;  // takes the plain choice
    const std::vector<float> x = normal(1 << 16, kSeed + 1);
    const std::vector<float> y = round_trip(*find_format(q.dtype), x);
    std::vector<float> plain(x.size());
    double searched_error = 0;
    double plain_error = 0;
    for (size_t i = 0; i < x.size(); i += static_cast<size_t>(q.sub_block)) {
      switch (q.kind) {
        case Kind::kSymmetric:
          plain_symmetric(&x[i], q.sub_block, q.n_levels, &plain[i]);
          break;
        case Kind::kAffine:
          plain_affine(&x[i], q.sub_block, q.n_levels, &plain[i]);
          break;
        case Kind::kIq4:
          plain_iq4(&x[i], q.sub_block, &plain[i]);
          break;
      }
      searched_error += weighted_error(&x[i], &y[i], q.sub_block);
      plain_error += weighted_error(&x[i], &plain[i], q.sub_block);
    }
    CHECK(searched_error < plain_error);
  }
}

// Mean squared rounding error of normal values whose 2.2 standard deviations lie at value -127: that of each
// gap between values, times the probability to be in it.
double iq4_relative_error() {
  const double unit = 2.2 / 127;
  double squares = 0;
  for (int k = 0; k < 15; ++k) {
    const double low = kIq4Values[k] * unit;
    const double high = kIq4Values[k + 1] * unit;
    const double probability = (std::erf(high / std::sqrt(2.0)) - std::erf(low / std::sqrt(2.0))) / 2;
    squares += probability * (high - low) * (high - low) / 12;
  }
  return std::sqrt(squares);
}

// Uniform rounding leaves step / sqrt(12). A block of 32 normal values spans about 4.1 standard deviations
// from lowest to highest, one of 16 about 3.5; its largest magnitude is about 2.2 (32) or 1.9 (16).
TEST(relative_error_of_normal_values_follows_from_the_step) {
  for (const Quantiser& q : kQuantisers) {
    const double extreme = q.sub_block == 32 ? 2.2 : 1.9;
    const double span = q.sub_block == 32 ? 4.1 : 3.5;
    const double step = (q.kind == Kind::kSymmetric ? extreme : span) / q.n_levels;
    const double expected = q.kind == Kind::kIq4 ? iq4_relative_error() : step / std::sqrt(12.0);
    const std::vector<float> x = normal(1 << 16, kSeed + 2);
    const double error = relative_error(x, round_trip(*find_format(q.dtype), x));
    CHECK(error < 1.1 * expected);
    CHECK(error > 0.7 * expected);  // less would mean that the test measures something else
  }
}

TEST(constant_and_one_sided_blocks) {
  for (const Quantiser& q : kQuantisers) {
    const FormatInfo& format = *find_format(q.dtype);
    for (const float value : {1.0f, -1.0f, 0.37f, -2.5f}) {
      const std::vector<float> x(256, value);
      for (const float v : round_trip(format, x)) {
        // An extreme (or, in affine formats, a minimum) can be hit up to the f16 rounding of its scale; the
        // searches' least squares then fit the single level exactly.
        CHECK_NEAR(v, value, std::fabs(value) * 0x1p-10);
      }
    }
    std::vector<float> positive = normal(256, kSeed + 3);
    for (float& v : positive) v = std::fabs(v) + 0.01f;
    // In units of 0.02 the largest of 32 is about 2.2 + 0.5, and the root mean square 1.43.
    const double step = 2.7 / q.n_levels;
    CHECK(relative_error(positive, round_trip(format, positive)) < 1.1 * step / std::sqrt(12.0) / 1.43);
  }
}

TEST(extreme_values_saturate_and_stay_finite) {
  const float values[] = {FLT_MAX, -FLT_MAX, 1e30f,  65504.0f, -65536.0f, 1e9f,  FLT_MIN, -FLT_MIN,
                          1e-45f,  1e-8f,    -3e-8f, 6e-8f,    1e-6f,     -1.0f, 0.0f,    -0.0f};
  std::mt19937 random(kSeed);
  for (const Quantiser& q : kQuantisers) {
    const FormatInfo& format = *find_format(q.dtype);
    for (int trial = 0; trial < 2000; ++trial) {
      std::vector<float> x(256);
      for (float& v : x) v = values[random() % std::size(values)];
      for (const float v : round_trip(format, x)) CHECK(std::isfinite(v));
    }
    for (const float value : values) {
      std::vector<float> x(256, 0.0f);
      x[100] = value;
      const std::vector<float> y = round_trip(format, x);
      for (size_t i = 0; i < x.size(); ++i) {
        CHECK(std::isfinite(y[i]));
        // 2^-24 is the least an f16 minimum can be.
        if (i != 100) CHECK_NEAR(y[i], 0.0, std::fabs(y[100]) / 8 + 0x1p-24);
      }
      CHECK(std::fabs(y[100]) <= std::fabs(value) * 1.01 + 0x1p-24);
      if (std::fabs(value) > 1e-3f && std::fabs(value) <= 65504.0f) {
        CHECK_NEAR(y[100], value, std::fabs(value) * 0x1p-7);
      }
    }
  }
}

TEST(quantising_a_decoded_block_again_changes_little) {
  for (const Quantiser& q : kQuantisers) {
    const FormatInfo& format = *find_format(q.dtype);
    const std::vector<float> once = round_trip(format, normal(1 << 14, kSeed + 4));
    const std::vector<float> twice = round_trip(format, once);
    const double first = relative_error(normal(1 << 14, kSeed + 4), once);
    CHECK(relative_error(once, twice) <= first);
  }
}

TEST(sixteen_bit_floats_round_once) {
  const std::vector<float> x = normal(4096, kSeed + 5);
  const std::vector<float> half = round_trip(*find_format(DType::kF16), x);
  const std::vector<float> brain = round_trip(*find_format(DType::kBF16), x);
  const std::vector<float> full = round_trip(*find_format(DType::kF32), x);
  for (size_t i = 0; i < x.size(); ++i) {
    CHECK_EQ(full[i], x[i]);
    CHECK_NEAR(half[i], x[i], std::fabs(x[i]) * 0x1p-11 + 0x1p-25);
    CHECK_NEAR(brain[i], x[i], std::fabs(x[i]) * 0x1p-8);
  }
}

}  // namespace qwq

QWQ_TEST_MAIN
