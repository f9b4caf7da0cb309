// Attention of every cpu variant against the reference; unwritten cache slots are NaN.
#include "kernels/reference/kv_access.h"
#include "tests/ops_testing.h"

namespace qwq::test {
namespace {

struct Shape {
  int n_kv_heads;
  int group;  // query heads of a KV head
  int head_dim;
  int block_size;
  KvType type = KvType::kF16;
};

struct Sequence {
  int32_t position;  // of its first row
  int32_t n_rows;
};

// A cache with shuffled blocks, written up to the last row of each sequence, and queries.
class Problem {
 public:
  Problem(const Shape& shape, const std::vector<Sequence>& sequences, Flush flush = Flush::kEnd)
      : shape_(shape), tables_(sequences.size()) {
    int32_t n_blocks = 0;
    for (const Sequence& s : sequences) n_blocks += blocks_of(s);
    kv_.n_kv_heads = shape.n_kv_heads;
    kv_.head_dim = shape.head_dim;
    kv_.block_size = shape.block_size;
    kv_.type = shape.type;
    kv_.block_bytes =
        static_cast<size_t>(2 * shape.n_kv_heads * shape.block_size / kKvGroup) * kv_.group_bytes();
    cache_ = std::make_unique<Guarded<uint16_t>>(
        std::vector<uint16_t>(static_cast<size_t>(n_blocks) * kv_.block_bytes / 2, 0x7e7e), flush);
    kv_.base = reinterpret_cast<std::byte*>(cache_->data());

    int32_t next_block = n_blocks;
    std::vector<AttentionRow> rows;
    for (size_t s = 0; s < sequences.size(); ++s) {
      for (int32_t b = 0; b < blocks_of(sequences[s]); ++b) tables_[s].push_back(--next_block);
      const int32_t end = sequences[s].position + sequences[s].n_rows;
      for (int32_t t = 0; t < end; ++t) write_token(tables_[s], t);
      for (int32_t i = 0; i < sequences[s].n_rows; ++i) {
        rows.push_back({tables_[s].data(), sequences[s].position + i});
      }
      context_ = std::max(context_, end);
    }
    rows_ = std::make_unique<Guarded<AttentionRow>>(rows, flush);
    q_stride_ = n_heads() * shape.head_dim + 3;
    const size_t q_count = (rows.size() - 1) * static_cast<size_t>(q_stride_) + row_floats();
    q_ = std::make_unique<Guarded<float>>(normal(q_count, 30, 2.0f), flush);
    flush_ = flush;
  }

  int n_heads() const { return shape_.n_kv_heads * shape_.group; }
  int64_t n_rows() const { return static_cast<int64_t>(rows_->size()); }
  size_t row_floats() const { return static_cast<size_t>(n_heads() * shape_.head_dim); }

  OpLimits limits(int n_threads) const {
    OpLimits limits = limits_for(1, n_threads);
    limits.n_heads = n_heads();
    limits.n_kv_heads = shape_.n_kv_heads;
    limits.head_dim = shape_.head_dim;
    limits.max_context = context_;
    return limits;
  }

  // Rows [first, first + n).
  std::vector<float> run(const Backend& backend, int n_threads, int64_t first, int64_t n) {
    Context context(backend, limits(n_threads));
    Guarded<float> out(static_cast<size_t>(n) * row_floats(), flush_);
    AttentionArgs args = {};
    args.q = q_->data() + first * q_stride_;
    args.q_stride = q_stride_;
    args.n_rows = n;
    args.n_heads = n_heads();
    args.rows = rows_->data() + first;
    args.kv = kv_;
    args.scale = 1.0f / std::sqrt(static_cast<float>(shape_.head_dim));
    args.out = out.data();
    args.recipe = Recipe::kPrefill;
    backend.attention(*context, args);
    const std::vector<float> prefill = out.copy();
    args.recipe = Recipe::kDecode;
    backend.attention(*context, args);
    CHECK(same_bits(out.copy(), prefill));  // one recipe serves both roles
    return prefill;
  }

  std::vector<float> run(const Backend& backend, int n_threads = 2) {
    return run(backend, n_threads, 0, n_rows());
  }

  // Bound of |actual - reference| for one output, from the header of the kernel: an absolute error e of the
  // scores turns into a relative one of every weight, in numerator and denominator.
  double tolerance(int64_t row, int head) const {
    const AttentionRow& r = (*rows_)[static_cast<size_t>(row)];
    const double n = r.position + 1;
    double largest_score = 0;
    double largest_value = 0;
    const float* q = q_->data() + row * q_stride_ + static_cast<int64_t>(head) * shape_.head_dim;
    std::vector<float> k(static_cast<size_t>(shape_.head_dim));
    std::vector<float> v(k.size());
    for (int32_t t = 0; t <= r.position; ++t) {
      reference::read_k(kv_, r.block_table, t, head / shape_.group, k.data());
      reference::read_v(kv_, r.block_table, t, head / shape_.group, v.data());
      double score = 0;
      for (size_t i = 0; i < k.size(); ++i) {
        score += std::fabs(static_cast<double>(q[i]) * k[i]);
        largest_value = std::max(largest_value, std::fabs(static_cast<double>(v[i])));
      }
      largest_score = std::max(largest_score, score / std::sqrt(shape_.head_dim));
    }
    // The queries are scaled with one rounding, a score is a chain over the head; exp's argument rounds once.
    const double score_error = (shape_.head_dim + 2) * largest_score;
    // Chains over the positions of a split, then over splits; the total's lanes are added pairwise.
    const double sums = std::min(n, 1024.0) + n / 1024 + 8;
    // exp: 2^-22 = 4 half ulps, at most once per score and once per rescaling of a tile and of a split.
    const double rescaling = 5 * (2 + std::min(n, 1024.0) / 64 + n / 1024);
    return 2 * (score_error + sums + rescaling) * 0x1p-24 * largest_value;
  }

  // Makes V of a token of the first sequence infinite.
  void spoil(int32_t position) {
    const std::vector<float> v(static_cast<size_t>(shape_.head_dim), INFINITY);
    for (int h = 0; h < shape_.n_kv_heads; ++h) {
      reference::write_v(kv_, tables_[0].data(), position, h, v.data());
    }
  }

  void check(const Variant& variant, int n_threads = 2) {
    const std::vector<float> actual = run(*variant.backend, n_threads);
    const std::vector<float> expected = run(reference_backend());
    for (int64_t r = 0; r < n_rows(); ++r) {
      for (int h = 0; h < n_heads(); ++h) {
        const double bound = tolerance(r, h);
        const size_t at = static_cast<size_t>((r * n_heads() + h) * shape_.head_dim);
        for (size_t i = at; i < at + static_cast<size_t>(shape_.head_dim); ++i) {
          CHECK_NEAR(actual[i], expected[i], bound);
        }
      }
    }
  }

 private:
  int32_t blocks_of(const Sequence& s) const {
    return (s.position + s.n_rows + shape_.block_size - 1) / shape_.block_size;
  }

  void write_token(const std::vector<int32_t>& table, int32_t t) {
    const int32_t block = table[static_cast<size_t>(t / shape_.block_size)];
    const size_t n = static_cast<size_t>(shape_.n_kv_heads * shape_.head_dim);
    const std::vector<float> values =
        normal(2 * n, 1000 + static_cast<uint64_t>(block) * 1000 + static_cast<uint64_t>(t));
    for (int h = 0; h < shape_.n_kv_heads; ++h) {
      reference::write_k(kv_, table.data(), t, h, values.data() + h * shape_.head_dim);
      reference::write_v(kv_, table.data(), t, h, values.data() + n + h * shape_.head_dim);
    }
  }

  Shape shape_;
  std::vector<std::vector<int32_t>> tables_;
  std::unique_ptr<Guarded<uint16_t>> cache_;
  std::unique_ptr<Guarded<AttentionRow>> rows_;
  std::unique_ptr<Guarded<float>> q_;
  int64_t q_stride_ = 0;
  int32_t context_ = 0;
  KvLayer kv_ = {};
  Flush flush_ = Flush::kEnd;
};

}  // namespace

TEST(all_head_sizes_and_groups) {
  for (const Variant& variant : usable_variants()) {
    for (int head_dim = 2; head_dim <= 4 * variant.lanes + 6; head_dim += 2) {
      const int group = 1 + head_dim % 7;
      for (const Flush flush : {Flush::kEnd, Flush::kStart}) {
        Problem({2, group, head_dim, 16}, {{0, 3}, {9, 1}}, flush).check(variant);
      }
    }
    for (const int head_dim : {32, 64, 80, 96, 128, 256}) {
      Problem({1, 5, head_dim, 16}, {{60, 9}}).check(variant);
      Problem({1, 7, head_dim, 32}, {{100, 1}}).check(variant);
    }
  }
}

TEST(positions_around_tiles_and_splits) {
  for (const Variant& variant : usable_variants()) {
    for (const int32_t position : {0, 1, 62, 63, 64, 65, 127, 1022, 1023, 1024, 1087, 2049}) {
      Problem({2, 3, 16, 32}, {{position, 2}}).check(variant, 1);
      Problem({2, 3, 16, 32}, {{position, 2}}).check(variant, 4);
    }
  }
}

TEST(a_prompt_of_many_rows) {
  for (const Variant& variant : usable_variants()) {
    Problem({2, 2, 32, 16}, {{0, 150}}).check(variant);
    Problem({1, 7, 24, 64}, {{1000, 40}}).check(variant);
    Problem({1, 1, 32, 16}, {{130, 100}}).check(variant);
    Problem({1, 40, 16, 256}, {{62, 70}}).check(variant);
  }
}

TEST(a_mixed_batch) {
  for (const Variant& variant : usable_variants()) {
    Problem({2, 3, 20, 16}, {{5, 1}, {0, 37}, {1030, 1}, {70, 20}, {0, 1}}).check(variant);
  }
}

// Levels and scales decode without rounding, so the bounds are those of f16.
TEST(a_q8_0_cache) {
  constexpr KvType kType = KvType::kQ8_0;
  for (const Variant& variant : usable_variants()) {
    for (const int head_dim : {32, 64, 96, 128, 256}) {
      for (const Flush flush : {Flush::kEnd, Flush::kStart}) {
        Problem({2, 5, head_dim, 16, kType}, {{60, 9}, {5, 1}, {130, 1}}, flush).check(variant);
      }
    }
    Problem({1, 7, 32, 64, kType}, {{1000, 40}, {2049, 1}}).check(variant);
  }
}

TEST(bits_do_not_depend_on_batch_chunks_or_threads) {
  for (const Variant& variant : usable_variants()) {
    // f16 of 64: a single row is read in the cache itself
    for (const Shape& shape :
         {Shape{2, 3, 24, 16}, Shape{2, 3, 64, 16}, Shape{2, 3, 32, 16, KvType::kQ8_0}}) {
      Problem problem(shape, {{1000, 60}, {5, 1}, {2100, 2}, {0, 20}});
      const std::vector<float> whole = problem.run(*variant.backend, 1);
      for (const int n_threads : {2, 3, 9}) {
        CHECK(same_bits(problem.run(*variant.backend, n_threads), whole));
      }
      for (const int64_t chunk : {1, 4, 17}) {
        for (const int n_threads : {1, 8}) {  // eight: splits of a row go to different workers
          std::vector<float> parts;
          for (int64_t r = 0; r < problem.n_rows(); r += chunk) {
            const int64_t n = std::min(chunk, problem.n_rows() - r);
            const std::vector<float> part = problem.run(*variant.backend, n_threads, r, n);
            parts.insert(parts.end(), part.begin(), part.end());
          }
          CHECK(same_bits(parts, whole));
        }
      }
    }
  }
}

// All but generic, which does not fuse multiplications with additions.
TEST(bits_do_not_depend_on_the_width_of_vectors) {
  for (const Shape& shape :
       {Shape{2, 5, 24, 32}, Shape{2, 5, 80, 32}, Shape{2, 5, 128, 32}, Shape{2, 5, 64, 32, KvType::kQ8_0}}) {
    Problem problem(shape, {{1000, 60}, {5, 1}, {2100, 1}});
    std::vector<float> first;
    for (const Variant& variant : usable_variants()) {
      if (variant.lanes == 4) continue;
      const std::vector<float> out = problem.run(*variant.backend);
      if (first.empty()) first = out;
      CHECK(same_bits(out, first));
    }
  }
}

// What a row does not see may be anything, even where its mates of the chunk see it.
TEST(an_infinite_value_reaches_no_row_before_it) {
  for (const Variant& variant : usable_variants()) {
    Problem problem({1, 2, 32, 16}, {{40, 60}});
    const std::vector<float> before = problem.run(*variant.backend);
    problem.spoil(70);
    const std::vector<float> after = problem.run(*variant.backend);
    const size_t rows_before = 70 - 40;
    for (size_t i = 0; i < rows_before * problem.row_floats(); ++i) CHECK_EQ(after[i], before[i]);
    for (size_t i = rows_before * problem.row_floats(); i < after.size(); ++i) {
      CHECK(!std::isfinite(after[i]));
    }
  }
}

}  // namespace qwq::test

QWQ_OPS_TEST_MAIN
