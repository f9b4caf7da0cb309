// store_kv and attention on the simulated device: the bits of the cpu backend, and the reference's values.
// Cache slots that nothing wrote are NaN.
#include "kernels/reference/kv_access.h"
#include "tests/cuda/device_testing.h"

namespace qwq::test {
namespace {

struct Shape {
  int n_kv_heads;
  int group;  // query heads of a KV head
  int head_dim;
  int block_size;
  KvType type = KvType::kF16;

  int n_heads() const { return n_kv_heads * group; }
  KvLayer layer() const {
    KvLayer kv = {nullptr, 0, n_kv_heads, head_dim, block_size, type};
    kv.block_bytes = static_cast<size_t>(2 * n_kv_heads * block_size / kKvGroup) * kv.group_bytes();
    return kv;
  }
};

struct Sequence {
  int32_t position;  // of its first row
  int32_t n_rows;
};

// Rows of some sequences, their block tables shuffled, for a device and for a host.
class Rows {
 public:
  Rows(const std::vector<Sequence>& sequences, int block_size, int rows_of_run) {
    int32_t n_blocks = 0;
    const auto blocks_of = [&](const Sequence& s) {
      return (s.position + s.n_rows + block_size - 1) / block_size;
    };
    for (const Sequence& s : sequences) n_blocks += blocks_of(s);
    this->n_blocks = n_blocks;
    for (const Sequence& s : sequences) {
      const int32_t begin = static_cast<int32_t>(tables.size());
      for (int32_t b = 0; b < blocks_of(s); ++b) tables.push_back(--n_blocks);
      for (int32_t i = 0; i < s.n_rows; ++i) {
        if (i % rows_of_run == 0) run_first.push_back(static_cast<int32_t>(positions.size()));
        positions.push_back(s.position + i);
        table_of.push_back(begin);
      }
      begins.push_back(begin);
      most_tokens = std::max(most_tokens, s.position + s.n_rows);
    }
    run_first.push_back(static_cast<int32_t>(positions.size()));
  }

  cuda::DeviceRows on_device() const {
    return {positions.data(),
            table_of.data(),
            tables.data(),
            run_first.data(),
            static_cast<int64_t>(positions.size()),
            static_cast<int64_t>(tables.size()),
            static_cast<int64_t>(run_first.size()) - 1,
            most_tokens,
            n_blocks};
  }
  std::vector<AttentionRow> on_host() const {
    std::vector<AttentionRow> rows;
    for (size_t r = 0; r < positions.size(); ++r) rows.push_back({tables.data() + table_of[r], positions[r]});
    return rows;
  }

  SharedVector<int32_t> positions, table_of, tables, run_first;
  std::vector<int32_t> begins;
  int32_t n_blocks = 0;
  int32_t most_tokens = 0;
};

class Problem {
 public:
  Problem(const Shape& shape, const std::vector<Sequence>& sequences, int rows_of_run)
      : shape_(shape),
        rows_(sequences, shape.block_size, rows_of_run),
        kv_(shape.layer()),
        cache_(std::vector<uint16_t>(static_cast<size_t>(rows_.n_blocks) * kv_.block_bytes / 2, 0x7e7e)),
        q_stride_(shape.n_heads() * shape.head_dim + 3),
        q_(normal(static_cast<size_t>((n_rows() - 1) * q_stride_) + row_floats(), 30, 2.0f)) {
    kv_.base = reinterpret_cast<std::byte*>(cache_.data());
    const size_t width = static_cast<size_t>(shape.n_kv_heads * shape.head_dim);
    for (size_t s = 0; s < sequences.size(); ++s) {
      const int32_t end = sequences[s].position + sequences[s].n_rows;
      for (int32_t t = 0; t < end; ++t) {
        const std::vector<float> values = normal(2 * width, 1000 * (s + 1) + static_cast<uint64_t>(t));
        write_token(s, t, values.data(), values.data() + width);
      }
    }
  }

  int64_t n_rows() const { return static_cast<int64_t>(rows_.positions.size()); }
  size_t row_floats() const { return static_cast<size_t>(shape_.n_heads() * shape_.head_dim); }

  void write_token(size_t sequence, int32_t t, const float* k, const float* v) {
    const int32_t* table = rows_.tables.data() + rows_.begins[sequence];
    for (int h = 0; h < shape_.n_kv_heads; ++h) {
      reference::write_k(kv_, table, t, h, k + h * shape_.head_dim);
      reference::write_v(kv_, table, t, h, v + h * shape_.head_dim);
    }
  }

  OpLimits limits() const {
    OpLimits limits = limits_for(1, 1);
    limits.n_heads = shape_.n_heads();
    limits.n_kv_heads = shape_.n_kv_heads;
    limits.head_dim = shape_.head_dim;
    limits.max_context = rows_.most_tokens;
    return limits;
  }

  AttentionArgs args(float* out) const {
    AttentionArgs args = {};
    args.q = q_.data();
    args.q_stride = q_stride_;
    args.n_rows = n_rows();
    args.n_heads = shape_.n_heads();
    args.kv = kv_;
    args.scale = 1.0f / std::sqrt(static_cast<float>(shape_.head_dim));
    args.out = out;
    args.recipe = Recipe::kDecode;
    return args;
  }

  std::vector<float> run_device(uint64_t seed) const {
    cuda::Stream stream(seed);
    DeviceBuffer<std::byte> scratch(cuda::attention_scratch_bytes(limits()));
    DeviceBuffer<float> out(static_cast<size_t>(n_rows()) * row_floats());
    cuda::attention(stream, args(out.data()), rows_.on_device(), scratch.data());
    return out.copy();
  }
  std::vector<float> run(const Backend& backend) const {
    Context context(backend, limits());
    std::vector<float> out(static_cast<size_t>(n_rows()) * row_floats());
    const std::vector<AttentionRow> rows = rows_.on_host();
    AttentionArgs args = this->args(out.data());
    args.rows = rows.data();
    backend.attention(*context, args);
    return out;
  }

  // As for the cpu: an absolute error of the scores turns into a relative one of every weight.
  double tolerance(int64_t row, int head) const {
    const int32_t position = rows_.positions[static_cast<size_t>(row)];
    const int32_t* table = rows_.tables.data() + rows_.table_of[static_cast<size_t>(row)];
    const double n = position + 1;
    double largest_score = 0;
    double largest_value = 0;
    const float* q = q_.data() + row * q_stride_ + static_cast<int64_t>(head) * shape_.head_dim;
    std::vector<float> k(static_cast<size_t>(shape_.head_dim));
    std::vector<float> v(k.size());
    for (int32_t t = 0; t <= position; ++t) {
      reference::read_k(kv_, table, t, head / shape_.group, k.data());
      reference::read_v(kv_, table, t, head / shape_.group, v.data());
      double score = 0;
      for (size_t i = 0; i < k.size(); ++i) {
        score += std::fabs(static_cast<double>(q[i]) * k[i]);
        largest_value = std::max(largest_value, std::fabs(static_cast<double>(v[i])));
      }
      largest_score = std::max(largest_score, score / std::sqrt(shape_.head_dim));
    }
    const double score_error = (shape_.head_dim + 2) * largest_score;
    const double sums = std::min(n, 1024.0) + n / 1024 + 8;
    const double rescaling = 5 * (2 + std::min(n, 1024.0) / 64 + n / 1024);
    return 2 * (score_error + sums + rescaling) * 0x1p-24 * largest_value;
  }

  void check(uint64_t seed) const {
    const std::vector<float> actual = run_device(seed);
    const std::vector<float> expected = run(reference_backend());
    for (int64_t r = 0; r < n_rows(); ++r) {
      for (int h = 0; h < shape_.n_heads(); ++h) {
        const double bound = tolerance(r, h);
        const size_t at = static_cast<size_t>((r * shape_.n_heads() + h) * shape_.head_dim);
        for (size_t i = at; i < at + static_cast<size_t>(shape_.head_dim); ++i) {
          CHECK_NEAR(actual[i], expected[i], bound);
        }
      }
    }
    if (const Backend* cpu = fused_cpu_backend()) expect_same_bits("attention", actual, run(*cpu));
  }

 private:
  Shape shape_;
  Rows rows_;
  KvLayer kv_;
  DeviceBuffer<uint16_t> cache_;
  int64_t q_stride_;
  DeviceBuffer<float> q_;
};

void check(const Shape& shape, const std::vector<Sequence>& sequences, bool prompt, uint64_t seed) {
  Problem(shape, sequences, cuda::rows_of_run(shape.group, prompt)).check(seed);
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

// What a row does not see may be anything, even where its mates of the run see it.
TEST(an_infinite_value_reaches_no_row_before_it) {
  Problem problem({1, 2, 32, 16}, {{40, 60}}, cuda::rows_of_run(2, true));
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
    Problem problem({2, 5, 24, 32}, {{1000, 40}, {5, 1}, {70, 7}}, rows_of_run);
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
      const Shape shape = {2, 1, head_dim, 16, type};
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
