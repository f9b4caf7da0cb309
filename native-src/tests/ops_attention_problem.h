// An attention to compute, and how far a cpu variant may be from the reference.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "kernels/reference/kv_access.h"
#include "tests/ops_testing.h"

namespace qwq::test {

struct AttentionShape {
  int n_kv_heads;
  int group;  // query heads of a KV head
  int head_dim;
  int block_size;
  KvType type = KvType::kF16;
};

// What q, k and v hold.
enum class Content {
  kNormal,
  kOneSign,     // the same everywhere: sums of products are as large as norms allow
  kOneElement,  // the first element of a head, the rest is zero
};

struct Sequence {
  int32_t position;  // of its first row
  int32_t n_rows;
};

// A cache with shuffled blocks, written up to the last row of each sequence, and queries.
class AttentionProblem {
 public:
  AttentionProblem(const AttentionShape& shape, const std::vector<Sequence>& sequences,
                   Flush flush = Flush::kEnd, Content content = Content::kNormal)
      : shape_(shape), content_(content), tables_(sequences.size()) {
    int32_t n_blocks = 0;
    for (const Sequence& s : sequences) n_blocks += blocks_of(s);
    kv_.n_kv_heads = shape.n_kv_heads;
    kv_.head_dim = shape.head_dim;
    kv_.block_size = shape.block_size;
    kv_.type = shape.type;
    kv_.block_bytes =
        static_cast<size_t>(2 * shape.n_kv_heads * shape.block_size / kKvGroup) * kv_.group_bytes();
    cache_ = std::make_unique<Guarded<uint16_t>>(
        std::vector<uint16_t>(static_cast<size_t>(n_blocks) * kv_.block_bytes / 2, 0xffff), flush);
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
    q_stride_ = n_heads() * shape.head_dim + (content == Content::kNormal ? 3 : shape.head_dim);
    const size_t q_count = (rows.size() - 1) * static_cast<size_t>(q_stride_) + row_floats();
    q_ = std::make_unique<Guarded<float>>(values(q_count, 30, 2.0f), flush);
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

  // What a row and a head see of the cache, in double: [tokens, head_dim].
  struct Seen {
    std::vector<std::vector<double>> k;
    std::vector<std::vector<double>> v;
    std::vector<double> scores;  // [tokens]
    std::vector<double> p;       // [tokens] under the largest score of all
    double most = 0;             // of sums |q k| of a token, scaled
    double most_keys = 0;        // of sums |k| of a token
    double query = 0;            // norm of the query, scaled
  };

  Seen seen_by(int64_t row, int head) const {
    const AttentionRow& r = (*rows_)[static_cast<size_t>(row)];
    const float* q = q_->data() + row * q_stride_ + static_cast<int64_t>(head) * shape_.head_dim;
    const double scale = 1 / std::sqrt(shape_.head_dim);
    Seen seen;
    for (int i = 0; i < shape_.head_dim; ++i) seen.query += static_cast<double>(q[i]) * q[i];
    seen.query = std::sqrt(seen.query) * scale;
    std::vector<float> read(static_cast<size_t>(shape_.head_dim));
    for (int32_t t = 0; t <= r.position; ++t) {
      reference::read_k(kv_, r.block_table, t, head / shape_.group, read.data());
      seen.k.emplace_back(read.begin(), read.end());
      reference::read_v(kv_, r.block_table, t, head / shape_.group, read.data());
      seen.v.emplace_back(read.begin(), read.end());
      double score = 0;
      double sum = 0;
      double keys = 0;
      for (size_t i = 0; i < read.size(); ++i) {
        score += q[i] * seen.k.back()[i] * scale;
        sum += std::fabs(q[i] * seen.k.back()[i] * scale);
        keys += std::fabs(seen.k.back()[i]);
      }
      seen.scores.push_back(score);
      seen.most = std::max(seen.most, sum);
      seen.most_keys = std::max(seen.most_keys, keys);
    }
    const double largest = *std::max_element(seen.scores.begin(), seen.scores.end());
    for (const double score : seen.scores) seen.p.push_back(std::exp(score - largest));
    return seen;
  }

  // Bounds of |actual - reference| for the elements of one head, from the headers of the kernels: an absolute
  // error e of the scores turns into a relative one of every weight, in numerator and denominator.
  std::vector<double> tolerances(int64_t row, int head) const {
    const Seen seen = seen_by(row, head);
    const double n = static_cast<double>(seen.p.size());
    double largest_value = 0;
    for (const auto& v : seen.v) {
      for (const double x : v) largest_value = std::max(largest_value, std::fabs(x));
    }
    // The queries are scaled with one rounding, a score is a chain over the head; exp's argument rounds once.
    double score_error = (shape_.head_dim + 2) * seen.most;
    // Chains over the positions of a split, then over splits; the total's lanes are added pairwise.
    const double sums = std::min(n, 1024.0) + n / 1024 + 8;
    // exp: 2^-22 = 4 half ulps, at most once per score and once per rescaling of a tile and of a split.
    const double rescaling = 5 * (2 + std::min(n, 1024.0) / 64 + n / 1024);
    std::vector<double> bounds(static_cast<size_t>(shape_.head_dim), 0);
    if (shape_.type == KvType::kI16 || shape_.type == KvType::kI8) {
      add_rounded_weights(seen, bounds);
      // An element of the query is off by half a level, and f32 comes in when a run is summed.
      score_error = (shape_.head_dim / 32 + 5) * seen.most + seen.query / 65534 * seen.most_keys * 0x1p24;
    }
    for (double& bound : bounds) bound += 2 * (score_error + sums + rescaling) * 0x1p-24 * largest_value;
    return bounds;
  }

  // Weights of a tile are off by half a level each: S / 65534, where S is the sum of p times the scales of
  // values; a product with a value's level is off by as much times the level.
  void add_rounded_weights(const Seen& seen, std::vector<double>& bounds) const {
    const size_t run = shape_.type == KvType::kI16 ? bounds.size() : size_t{kKvScaleRun};
    const double most = shape_.type == KvType::kI16 ? 32767 : 127;
    double total = 0;
    for (const double p : seen.p) total += p;
    for (size_t begin = 0; begin < seen.p.size(); begin += 64) {
      const size_t end = std::min(begin + 64, seen.p.size());
      for (size_t first = 0; first < bounds.size(); first += run) {
        double sum = 0;
        std::vector<double> scales;
        for (size_t t = begin; t < end; ++t) {
          double largest = 0;
          for (size_t i = first; i < first + run; ++i) largest = std::max(largest, std::fabs(seen.v[t][i]));
          scales.push_back(largest / most);
          sum += seen.p[t] * scales.back();
        }
        for (size_t i = first; i < first + run; ++i) {
          for (size_t t = begin; t < end; ++t) {
            if (scales[t - begin] == 0) continue;
            bounds[i] += sum / 65534 * std::fabs(seen.v[t][i]) / scales[t - begin] / total;
          }
        }
      }
    }
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
        const std::vector<double> bounds = tolerances(r, h);
        const size_t at = static_cast<size_t>((r * n_heads() + h) * shape_.head_dim);
        for (size_t i = 0; i < bounds.size(); ++i) CHECK_NEAR(actual[at + i], expected[at + i], bounds[i]);
      }
    }
  }

 private:
  int32_t blocks_of(const Sequence& s) const {
    return (s.position + s.n_rows + shape_.block_size - 1) / shape_.block_size;
  }

  // Heads one after the other; q_stride_ is a multiple of the head's width where content is not normal.
  std::vector<float> values(size_t n, uint64_t stream, float stddev = 1.0f) const {
    std::vector<float> x = normal(n, stream, stddev);
    if (content_ == Content::kNormal) return x;
    const size_t head_dim = static_cast<size_t>(shape_.head_dim);
    for (size_t i = 0; i < n; ++i) {
      x[i] = content_ == Content::kOneSign || i % head_dim == 0 ? 3 * stddev : 0.0f;
    }
    return x;
  }

  void write_token(const std::vector<int32_t>& table, int32_t t) {
    const int32_t block = table[static_cast<size_t>(t / shape_.block_size)];
    const size_t n = static_cast<size_t>(shape_.n_kv_heads * shape_.head_dim);
    const std::vector<float> values =
        this->values(2 * n, 1000 + static_cast<uint64_t>(block) * 1000 + static_cast<uint64_t>(t));
    for (int h = 0; h < shape_.n_kv_heads; ++h) {
      reference::write_k(kv_, table.data(), t, h, values.data() + h * shape_.head_dim);
      reference::write_v(kv_, table.data(), t, h, values.data() + n + h * shape_.head_dim);
    }
  }

  AttentionShape shape_;
  Content content_;
  std::vector<std::vector<int32_t>> tables_;
  std::unique_ptr<Guarded<uint16_t>> cache_;
  std::unique_ptr<Guarded<AttentionRow>> rows_;
  std::unique_ptr<Guarded<float>> q_;
  int64_t q_stride_ = 0;
  int32_t context_ = 0;
  KvLayer kv_ = {};
  Flush flush_ = Flush::kEnd;
};

}  // namespace qwq::test
