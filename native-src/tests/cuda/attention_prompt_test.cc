// Attention of prompts on tensor cores (kernels/cuda/attention_prompt.cuh), on the simulated device: within
// its bound of the reference, closer to what rounded queries give, and the same bits whatever the chunks and
// mates.
#include "tests/cuda/attention_problem.h"

namespace qwq::test {
namespace {

// q as the kernel rounds it: scaled, brought to [2^14, 2^15) by a power of two, to f16, and back.
std::vector<double> rounded_query(const float* q, int head_dim, float scale) {
  float largest = 0;
  for (int i = 0; i < head_dim; ++i) largest = std::max(largest, std::fabs(q[i] * scale));
  int exponent = 0;
  std::frexp(largest, &exponent);
  std::vector<double> rounded;
  for (int i = 0; i < head_dim; ++i) {
    const float large = std::ldexp(q[i] * scale, 15 - exponent);
    rounded.push_back(std::ldexp(static_cast<double>(f16_to_f32(f32_to_f16(large))), exponent - 15));
  }
  return rounded;
}

double to_half(float x) { return f16_to_f32(f32_to_f16(x)); }

// Compares with the reference, and with double precision from the rounded query on. Names as in the kernel's
// derivation.
void check(const AttentionProblem& problem, uint64_t seed) {
  const AttentionShape& shape = problem.shape();
  const bool q8 = shape.type == KvType::kQ8_0;
  const size_t head_dim = static_cast<size_t>(shape.head_dim);
  const double eps = 0x1p-24;
  const float scale = 1.0f / std::sqrt(static_cast<float>(shape.head_dim));
  const std::vector<float> actual = problem.run_device(seed);
  CHECK(problem.on_tensor_cores());
  const std::vector<float> reference = problem.run(reference_backend());
  std::vector<float> k(head_dim), v(head_dim);
  for (int64_t row = 0; row < problem.n_rows(); ++row) {
    const double n = problem.position(row) + 1;
    const double tiles = n * shape.head_dim / 4096 + 1;
    for (int head = 0; head < shape.n_heads(); ++head) {
      const std::vector<double> q = rounded_query(problem.q(row, head), shape.head_dim, scale);
      double largest_score = 0;  // A
      double largest = -1e300;
      std::vector<double> scores;
      std::vector<std::vector<float>> values;
      for (int32_t t = 0; t < problem.position(row) + 1; ++t) {
        problem.read_token(row, t, head, k.data(), v.data());
        double score = 0;
        double magnitude = 0;
        for (size_t i = 0; i < head_dim; ++i) {
          const double key = q8 ? to_half(k[i]) : k[i];
          score += q[i] * key;
          magnitude += std::fabs(q[i] * key);
        }
        scores.push_back(score);
        values.push_back(v);
        largest_score = std::max(largest_score, magnitude * (1 + 0x1p-10));
        largest = std::max(largest, score);
      }
      const double sums = (40.0 * shape.head_dim / 16 + 4) * eps * largest_score;
      const double rounding = (q8 ? 2 : 1) * 0x1p-11 * largest_score;
      const double weight_error = 0x1p-11 + 0x1p-20 + tiles * 0x1p-21;
      const double chain = (40 * n / 16 + n / 8 + 4) * eps;
      for (size_t i = 0; i < head_dim; ++i) {
        double total = 0, value = 0, magnitude = 0, largest_value = 0;
        for (size_t t = 0; t < scores.size(); ++t) {
          const double p = std::exp(scores[t] - largest);
          const double x = q8 ? to_half(values[t][i]) : values[t][i];
          total += p;
          value += p * x;
          magnitude += p * std::fabs(x);
          largest_value = std::max(largest_value, std::fabs(x));
        }
        const double mean = magnitude / total;
        const auto bound = [&](double score_error) {
          const double w = std::expm1(score_error) + weight_error;
          return (2 * w + chain) * mean / (1 - std::min(w, 0.5)) + n * 0x1p-40 * largest_value;
        };
        const size_t at = static_cast<size_t>(row * shape.n_heads() + head) * head_dim + i;
        CHECK_NEAR(actual[at], value / total, bound(sums));
        CHECK_NEAR(actual[at], reference[at],
                   bound(sums + rounding) + (q8 ? 0x1p-11 * mean : 0) + eps * std::fabs(reference[at]));
      }
    }
  }
}

AttentionProblem prompts(const AttentionShape& shape, const std::vector<Sequence>& sequences) {
  return AttentionProblem(shape, sequences, cuda::rows_of_run(shape.group, true), Recipe::kPrefill);
}

void check(const AttentionShape& shape, const std::vector<Sequence>& sequences, uint64_t seed) {
  check(prompts(shape, sequences), seed);
}

}  // namespace

TEST(heads_groups_and_caches) {
  uint64_t seed = kSeed;
  for (const int head_dim : {64, 128}) {
    for (const KvType type : {KvType::kF16, KvType::kQ8_0}) {
      for (const int group : {1, 5, 7, 40}) {
        check({group == 40 ? 1 : 2, group, head_dim, 16, type}, {{0, 3}, {9, 5}, {40, 1}}, ++seed);
      }
    }
  }
  check({1, 70, 64, 32}, {{30, 2}}, ++seed);  // more query heads than a block of threads takes
}

TEST(edges_of_tiles) {
  uint64_t seed = kSeed + 100;
  for (const int head_dim : {64, 128}) {
    for (const int32_t edge : {16, 32, 64, 128}) {
      for (const int32_t position : {edge - 2, edge - 1, edge}) {
        check({1, 2, head_dim, 64}, {{position, 1}}, ++seed);
      }
      check({1, 1, head_dim, 16, KvType::kQ8_0}, {{edge - 9, 18}}, ++seed);
    }
  }
}

TEST(long_prompts) {
  uint64_t seed = kSeed + 200;
  check({1, 5, 128, 256}, {{0, 150}}, ++seed);
  check({1, 2, 64, 32}, {{1990, 70}}, ++seed);
  check({1, 2, 128, 16, KvType::kQ8_0}, {{1200, 3}}, ++seed);
}

// Queries far outside of f16, with keys that make ordinary scores of them.
TEST(queries_of_any_size) {
  for (const float size : {1e8f, 3e4f, 1e-6f}) {
    AttentionProblem problem = prompts({1, 2, 64, 16}, {{20, 30}});
    for (int64_t row = 0; row < problem.n_rows(); ++row) {
      for (int i = 0; i < 2 * 64; ++i) problem.q(row, 0)[i] *= size;
    }
    for (int32_t t = 0; t < 50; ++t) {
      std::vector<float> k = normal(64, 9000 + static_cast<uint64_t>(t));
      for (float& x : k) x = std::clamp(x / std::min(size, 3e4f), -60000.0f, 60000.0f);
      const std::vector<float> v = normal(64, 9100 + static_cast<uint64_t>(t));
      problem.write_token(0, t, k.data(), v.data());
    }
    // At 1e8 a key takes all; that is what the bound says, too, unless something overflows.
    const std::vector<float> out = problem.run_device(kSeed);
    for (const float x : out) CHECK(std::isfinite(x));
    if (size < 1e8f) check(problem, kSeed);
  }
}

// What a row does not see may be anything, even where its mates see it.
TEST(an_infinite_value_reaches_no_row_before_it) {
  for (const KvType type : {KvType::kF16, KvType::kQ8_0}) {
    for (const int32_t token : {40, 63, 70, 99}) {
      AttentionProblem problem = prompts({1, 2, 64, 16, type}, {{40, 60}});
      const std::vector<float> before = problem.run_device(kSeed);
      const std::vector<float> infinite(64, INFINITY);
      problem.write_token(0, token, infinite.data(), infinite.data());
      const std::vector<float> after = problem.run_device(kSeed);
      const size_t seen_from = static_cast<size_t>(token - 40) * problem.row_floats();
      for (size_t i = 0; i < seen_from; ++i) CHECK_EQ(after[i], before[i]);
      for (size_t i = seen_from; i < after.size(); ++i) CHECK(!std::isfinite(after[i]));
    }
  }
}

TEST(bits_depend_neither_on_chunks_nor_on_mates) {
  for (const int head_dim : {64, 128}) {
    for (const KvType type : {KvType::kF16, KvType::kQ8_0}) {
      const AttentionShape shape = {1, 5, head_dim, 32, type};
      const std::vector<float> whole = prompts(shape, {{50, 40, 7}}).run_device(kSeed);
      const size_t row_floats = static_cast<size_t>(5 * head_dim);
      const auto rows = [&](const std::vector<float>& out, size_t first, size_t n) {
        return std::vector<float>(out.begin() + static_cast<ptrdiff_t>(first * row_floats),
                                  out.begin() + static_cast<ptrdiff_t>((first + n) * row_floats));
      };
      for (const int32_t chunk : {1, 7, 13}) {
        for (int32_t first = 0; first < 40; first += chunk == 1 ? 11 : chunk) {
          const int32_t n = std::min(chunk, 40 - first);
          const std::vector<float> part = prompts(shape, {{50 + first, n, 7}}).run_device(kSeed);
          expect_same_bits("a chunk", part, rows(whole, static_cast<size_t>(first), static_cast<size_t>(n)));
        }
      }
      const std::vector<float> mates =
          prompts(shape, {{3, 5, 1}, {50, 40, 7}, {0, 1, 2}, {90, 3, 3}}).run_device(kSeed + 1);
      expect_same_bits("among mates", rows(mates, 5, 40), whole);
    }
  }
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
