// store_kv and attention on the simulated device, the recipe of generated tokens: the bits of the cpu
// backend, and the reference's values.
#include "tests/cuda/attention_problem.h"

namespace qwq::test {
namespace {

// As for the cpu: an absolute error of the scores turns into a relative one of every weight.
double tolerance(const AttentionProblem& problem, int64_t row, int head) {
  const int head_dim = problem.shape().head_dim;
  const double n = problem.position(row) + 1;
  double largest_score = 0;
  double largest_value = 0;
  const float* q = problem.q(row, head);
  std::vector<float> k(static_cast<size_t>(head_dim));
  std::vector<float> v(k.size());
  for (int32_t t = 0; t <= problem.position(row); ++t) {
    problem.read_token(row, t, head, k.data(), v.data());
    double score = 0;
    for (size_t i = 0; i < k.size(); ++i) {
      score += std::fabs(static_cast<double>(q[i]) * k[i]);
      largest_value = std::max(largest_value, std::fabs(static_cast<double>(v[i])));
    }
    largest_score = std::max(largest_score, score / std::sqrt(head_dim));
  }
  const double score_error = (head_dim + 2) * largest_score;
  const double sums = std::min(n, 1024.0) + n / 1024 + 8;
  const double rescaling = 5 * (2 + std::min(n, 1024.0) / 64 + n / 1024);
  return 2 * (score_error + sums + rescaling) * 0x1p-24 * largest_value;
}

void check(const AttentionShape& shape, const std::vector<Sequence>& sequences, bool prompt, uint64_t seed) {
  const AttentionProblem problem(shape, sequences, cuda::rows_of_run(shape.group, prompt), Recipe::kDecode);
  const std::vector<float> actual = problem.run_device(seed);
  const std::vector<float> expected = problem.run(reference_backend());
  for (int64_t r = 0; r < problem.n_rows(); ++r) {
    for (int h = 0; h < shape.n_heads(); ++h) {
      const double bound = tolerance(problem, r, h);
      const size_t at = static_cast<size_t>((r * shape.n_heads() + h) * shape.head_dim);
      for (size_t i = at; i < at + static_cast<size_t>(shape.head_dim); ++i) {
        CHECK_NEAR(actual[i], expected[i], bound);
      }
    }
  }
  if (const Backend* cpu = fused_cpu_backend()) expect_same_bits("attention", actual, problem.run(*cpu));
}

// So many sequences that a block of threads takes a whole group, eight queries at once.
std::vector<Sequence> many_sequences(int n, std::initializer_list<int32_t> longer) {
  std::vector<Sequence> sequences;
  for (int i = 0; i < n; ++i) sequences.push_back({i % 19, 1});
  size_t at = static_cast<size_t>(n) / 3;
  for (const int32_t position : longer) sequences[at++].position = position;
  return sequences;
}

}  // namespace

TEST(head_sizes_and_groups) {
  uint64_t seed = kSeed;
  for (const int head_dim : {2, 6, 14, 32, 64, 96, 126, 128, 160, 256}) {
    const int group = 1 + head_dim % 7;
    check({2, group, head_dim, 16}, {{9, 1}, {40, 1}}, false, ++seed);
    check({2, group, head_dim, 16}, {{0, 3}, {9, 5}}, true, ++seed);
  }
  check({1, 13, 16, 16}, {{30, 1}, {70, 1}}, false, ++seed);  // more query heads than a pass takes
  check({1, 21, 16, 16}, {{30, 3}}, true, ++seed);
}

TEST(q8_0_caches) {
  uint64_t seed = kSeed + 100;
  for (const int head_dim : {32, 64, 128, 256}) {
    check({2, 3, head_dim, 32, KvType::kQ8_0}, {{77, 1}, {15, 1}}, false, ++seed);
    check({1, 5, head_dim, 32, KvType::kQ8_0}, {{3, 20}}, true, ++seed);
  }
}

// Blocks of threads are few here: they take two queries of a group each.
TEST(groups_divided_among_blocks) {
  uint64_t seed = kSeed + 400;
  for (const int group : {1, 2, 3, 5, 7, 9}) {
    for (const int head_dim : {10, 64, 128})
      check({2, group, head_dim, 32}, {{37, 1}, {70, 1}}, false, ++seed);
    check({1, group, 64, 32, KvType::kQ8_0}, {{66, 1}}, false, ++seed);
  }
  check({1, 5, 32, 64}, {{1500, 1}, {2061, 1}}, false, ++seed);
  check({1, 7, 32, 64, KvType::kQ8_0}, {{1085, 1}, {3, 1}}, false, ++seed);
}

TEST(groups_of_many_sequences) {
  uint64_t seed = kSeed + 500;
  for (const int group : {3, 5, 7, 8, 9}) {
    check({1, group, group % 2 == 0 ? 128 : 24, 16}, many_sequences(130, {65, 130}), false, ++seed);
  }
  check({2, 5, 128, 16}, many_sequences(65, {67, 131}), false, ++seed);
  for (const int head_dim : {32, 64, 128}) {
    check({1, 5, head_dim, 32, KvType::kQ8_0}, many_sequences(129, {34, 101}), false, ++seed);
  }
  // Splits in blocks of their own, and one after the other.
  check({1, 5, 10, 64}, many_sequences(100, {700, 1027, 2100}), false, ++seed);
  check({1, 5, 10, 64}, many_sequences(260, {515, 1087, 2049}), false, ++seed);
}

TEST(heads_of_256_elements) {
  uint64_t seed = kSeed + 600;
  for (const KvType type : {KvType::kF16, KvType::kQ8_0}) {
    check({1, 5, 256, 16, type}, {{17, 1}, {530, 1}}, false, ++seed);
    check({1, 3, 256, 16, type}, {{60, 9}}, true, ++seed);
  }
  check({1, 5, 200, 64}, {{1026, 1}, {33, 1}}, false, ++seed);
}

// Four positions are one load: of the last ones fewer exist.
TEST(tails_of_contexts) {
  uint64_t seed = kSeed + 700;
  for (int32_t position = 60; position < 70; ++position) {
    for (const KvType type : {KvType::kF16, KvType::kQ8_0}) {
      check({1, 3, 32, 16, type}, {{position, 1}}, false, ++seed);
      check({1, 3, 32, 16, type}, {{position, 3}}, true, ++seed);
      check({1, 3, 32, 16, type}, many_sequences(128, {position}), false, ++seed);
    }
  }
}

TEST(edges_of_tiles_and_chunks) {
  uint64_t seed = kSeed + 200;
  for (const int32_t edge : {64, 128, 256, 512}) {
    for (const int32_t position : {edge - 2, edge - 1, edge}) {
      check({1, 2, 16, 64}, {{position, 1}}, false, ++seed);
    }
    check({1, 2, 16, 64}, {{edge - 9, 18}}, true, ++seed);
  }
}

TEST(splits_of_long_rows) {
  uint64_t seed = kSeed + 300;
  for (const int32_t position : {1022, 1023, 1024, 2047, 2048, 2500}) {
    check({2, 2, 8, 256}, {{position, 1}, {5, 1}}, false, ++seed);
  }
  check({1, 3, 8, 256}, {{1020, 9}, {2040, 12}}, true, ++seed);
  // So many rows that no split goes to a block of its own.
  std::vector<Sequence> many;
  for (int i = 0; i < 128; ++i) many.push_back({i == 60 ? 1100 : 3, 1});
  check({2, 1, 4, 16}, many, false, ++seed);
}

// The first 32 are merged before the others, of which one has the largest score.
TEST(more_than_32_splits) {
  AttentionProblem problem({1, 1, 2, 1024}, {{33 * 1024 + 5, 1}}, 1, Recipe::kDecode);
  const float* q = problem.q(0, 0);
  const float k[2] = {4 * q[0], 4 * q[1]};
  problem.write_token(0, 32 * 1024 + 7, k, k);
  const std::vector<float> actual = problem.run_device(kSeed);
  CHECK_NEAR(actual[0], problem.run(reference_backend())[0], tolerance(problem, 0, 0));
  if (const Backend* cpu = fused_cpu_backend()) expect_same_bits("attention", actual, problem.run(*cpu));
}

// What a row does not see may be anything, even where its mates of the run see it.
TEST(an_infinite_value_reaches_no_row_before_it) {
  AttentionProblem problem({1, 2, 32, 16}, {{40, 60}}, cuda::rows_of_run(2, true), Recipe::kDecode);
  const std::vector<float> before = problem.run_device(kSeed);
  const std::vector<float> infinite(32, INFINITY);
  problem.write_token(0, 70, infinite.data(), infinite.data());
  const std::vector<float> after = problem.run_device(kSeed);
  const size_t seen_from = (70 - 40) * problem.row_floats();
  for (size_t i = 0; i < seen_from; ++i) CHECK_EQ(after[i], before[i]);
  for (size_t i = seen_from; i < after.size(); ++i) CHECK(!std::isfinite(after[i]));
}

TEST(bits_do_not_depend_on_runs) {
  for (const int rows_of_run : {1, 2, 3, 8}) {
    AttentionProblem problem({2, 5, 24, 32}, {{1000, 40}, {5, 1}, {70, 7}}, rows_of_run, Recipe::kDecode);
    static std::vector<float> first;
    const std::vector<float> out = problem.run_device(kSeed);
    if (first.empty()) first = out;
    expect_same_bits("attention", out, first);
  }
}

TEST(store_kv_writes_what_the_reference_does) {
  for (const KvType type : {KvType::kF16, KvType::kQ8_0}) {
    for (const int head_dim : {2, 14, 32, 64, 128}) {
      if (type == KvType::kQ8_0 && head_dim % 32 != 0) continue;
      const AttentionShape shape = {2, 1, head_dim, 16, type};
      const Rows rows({{9, 20}, {0, 1}}, 16, 1);
      const int64_t stride = 2 * head_dim + 3;
      std::vector<float> k_values = normal(static_cast<size_t>(21 * stride), 8, 100.0f);
      k_values[0] = 1e6f;            // to infinity in f16
      k_values[1] = -2.9802322e-8f;  // half of the smallest subnormal: to even, -0
      for (size_t i = 0; i < 32 && head_dim >= 32; ++i) k_values[static_cast<size_t>(stride) + i] = 0.0f;
      std::vector<float> v_values = normal(k_values.size(), 9, 1e-6f);
      if (type == KvType::kQ8_0) {
        v_values[5] = INFINITY;
        v_values[static_cast<size_t>(stride) + 1] = NAN;
      }
      const DeviceBuffer<float> k(k_values);
      const DeviceBuffer<float> v(v_values);
      KvLayer kv = shape.layer();
      const std::vector<std::byte> empty(static_cast<size_t>(rows.n_blocks) * kv.block_bytes,
                                         std::byte{0x7e});
      DeviceBuffer<std::byte> cache(empty);
      std::vector<std::byte> expected = empty;
      const std::vector<AttentionRow> host_rows = rows.on_host();
      StoreKvArgs args = {k.data(), v.data(), stride, stride, 21, host_rows.data(), kv};
      args.kv.base = expected.data();
      Context context(reference_backend(), limits_for(1, 1));
      reference_backend().store_kv(*context, args);
      args.kv.base = cache.data();
      cuda::Stream stream(kSeed);
      cuda::store_kv(stream, args, rows.on_device());
      for (size_t i = 0; i < expected.size(); ++i) {
        CHECK_EQ(static_cast<int>(cache[i]), static_cast<int>(expected[i]));
      }
    }
  }
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
