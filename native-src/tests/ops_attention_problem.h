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
    std::vector<double> q;  // [head_dim] scaled
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
    for (int i = 0; i < shape_.head_dim; ++i) {
      seen.q.push_back(q[i] * scale);
      seen.query += seen.q.back() * seen.q.back();
    }
    seen.query = std::sqrt(seen.query);
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
        score += seen.q[i] * seen.k.back()[i];
        sum += std::fabs(seen.q[i] * seen.k.back()[i]);
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
  std::vector<double> tolerances(const Seen& seen) const {
    const double n = static_cast<double>(seen.p.size());
    double largest_value = 0;
    for (const auto& v : seen.v) {
      for (const double x : v) largest_value = std::max(largest_value, std::fabs(x));
    }
    // The queries are scaled with one rounding, a score is a chain over the head; exp's argument rounds once.
    double score_error = (shape_.head_dim + 2) * seen.most;
    const double sums = roundings_of_sums(n);
    const double rescaling = roundings_of_exp(n);
    std::vector<double> bounds(static_cast<size_t>(shape_.head_dim), 0);
    if (in_integers()) {
      add_rounded_weights(seen, bounds);
      // An element of the query is off by half a level, and f32 comes in when a run is summed.
      score_error = (shape_.head_dim / 32 + 5) * seen.most + seen.query / 65534 * seen.most_keys * 0x1p24;
    }
    for (double& bound : bounds) bound += 2 * (score_error + sums + rescaling) * 0x1p-24 * largest_value;
    return bounds;
  }

  // In half ulps. Chains over the positions of a split, then over splits; the total's lanes are added
  // pairwise.
  static double roundings_of_sums(double n) { return std::min(n, 1024.0) + n / 1024 + 8; }
  // 2^-22 = 4 half ulps, at most once per score and once per rescaling of a tile and of a split.
  static double roundings_of_exp(double n) { return 5 * (2 + std::min(n, 1024.0) / 64 + n / 1024); }

  // Tokens [begin, end) of a tile and columns [first, first + n) whose values have a scale for each token.
  struct Piece {
    size_t begin;
    size_t end;
    size_t first;
    size_t n;
    std::vector<double> scales;   // [tokens]
    std::vector<double> weights;  // [tokens] p times the scale
    double sum = 0;               // of the weights
  };

  template <typename Body>
  void for_pieces(const Seen& seen, Body&& body) const {
    const size_t head_dim = static_cast<size_t>(shape_.head_dim);
    const size_t run = shape_.type == KvType::kI16 ? head_dim : size_t{kKvScaleRun};
    const double most = shape_.type == KvType::kI16 ? 32767 : 127;
    for (size_t begin = 0; begin < seen.p.size(); begin += 64) {
      for (size_t first = 0; first < head_dim; first += run) {
        Piece piece = {begin, std::min(begin + 64, seen.p.size()), first, run, {}, {}, 0};
        for (size_t t = begin; t < piece.end; ++t) {
          double largest = 0;
          for (size_t i = first; i < first + run; ++i) largest = std::max(largest, std::fabs(seen.v[t][i]));
          piece.scales.push_back(largest / most);
          piece.weights.push_back(seen.p[t] * piece.scales.back());
          piece.sum += piece.weights.back();
        }
        body(piece);
      }
    }
  }

  // Weights of a tile are off by half a level each: S / 65534, where S is the sum of p times the scales of
  // values; a product with a value's level is off by as much times the level.
  void add_rounded_weights(const Seen& seen, std::vector<double>& bounds) const {
    double total = 0;
    for (const double p : seen.p) total += p;
    for_pieces(seen, [&](const Piece& piece) {
      for (size_t t = piece.begin; t < piece.end; ++t) {
        const double scale = piece.scales[t - piece.begin];
        if (scale == 0) continue;
        for (size_t i = piece.first; i < piece.first + piece.n; ++i) {
          bounds[i] += piece.sum / 65534 * std::fabs(seen.v[t][i]) / scale / total;
        }
      }
    });
  }

  struct Rounded {
    std::vector<double> out;     // [head_dim]
    std::vector<double> bounds;  // of what f32 adds
  };

  // The recipe of integers: levels of the query and of weights as it rounds them, all else in double. Where
  // f32 before a rounding may fall to either side, both are allowed for.
  Rounded recipe(const Seen& seen) const {
    const size_t head_dim = static_cast<size_t>(shape_.head_dim);
    const double n = static_cast<double>(seen.p.size());
    // The query's scale: squares in lanes, a root, a division, an inverse and a product.
    const double of_scale = (shape_.head_dim / 16 + 8) * 0x1p-24;
    const double query_scale = seen.query / 32767;  // attention's own scale included
    Seen rounded = seen;
    double score_error = 0;
    for (size_t t = 0; t < seen.p.size(); ++t) {
      double sum = 0;
      double absolute = 0;
      double error = 0;
      for (size_t i = 0; i < head_dim; ++i) {
        const double level = query_scale > 0 ? seen.q[i] / query_scale : 0;
        const double product = std::nearbyint(level) * seen.k[t][i] * query_scale;
        sum += product;
        absolute += std::fabs(product);
        error += slack(level, of_scale) * std::fabs(seen.k[t][i]) * query_scale;
      }
      rounded.scores[t] = sum;
      // A run's sum, its scale, the sum over runs, the query's scale and attention's.
      score_error = std::max(score_error, error + absolute * (of_scale + (head_dim / 32 + 5) * 0x1p-24));
    }
    const double largest = *std::max_element(rounded.scores.begin(), rounded.scores.end());
    double total = 0;
    for (size_t t = 0; t < seen.p.size(); ++t) {
      rounded.p[t] = std::exp(rounded.scores[t] - largest);
      total += rounded.p[t];
    }
    const double of_p = 2 * score_error + roundings_of_exp(n) * 0x1p-24;

    Rounded result = {std::vector<double>(head_dim, 0), std::vector<double>(head_dim, 0)};
    for_pieces(rounded, [&](const Piece& piece) {
      if (piece.sum == 0) return;
      for (size_t t = piece.begin; t < piece.end; ++t) {
        const double scale = piece.scales[t - piece.begin];
        if (scale == 0) continue;
        const double level = piece.weights[t - piece.begin] * 32767 / piece.sum;
        // Both p and their sum, which is one of 4 terms in 16 lanes; a quotient and a product.
        const double unsure = slack(level, 2 * of_p + 16 * 0x1p-24);
        for (size_t i = piece.first; i < piece.first + piece.n; ++i) {
          const double value = std::nearbyint(seen.v[t][i] / scale) * piece.sum / 32767;
          result.out[i] += std::nearbyint(level) * value / total;
          result.bounds[i] +=
              (unsure + std::nearbyint(level) * (of_p + 4 * 0x1p-24)) * std::fabs(value) / total;
        }
      }
    });
    for (size_t i = 0; i < head_dim; ++i) {
      result.bounds[i] += std::fabs(result.out[i]) * (of_p + roundings_of_sums(n) * 0x1p-24) + 0x1p-85;
    }
    return result;
  }

  // By how many levels the nearest of `level` may differ when that is off by a part `error` of itself.
  static double slack(double level, double error) {
    const double by = std::fabs(level) * error;
    return std::nearbyint(level + by) - std::nearbyint(level - by);
  }

  // Makes K, or V, of a token of the first sequence infinite.
  void spoil(int32_t position, bool key) {
    const std::vector<float> x(static_cast<size_t>(shape_.head_dim), INFINITY);
    for (int h = 0; h < shape_.n_kv_heads; ++h) {
      const auto write = key ? &reference::write_k : &reference::write_v;
      write(kv_, tables_[0].data(), position, h, x.data());
    }
  }

  // Makes an element of a query no number.
  void spoil_query(int64_t row, int head) {
    (*q_)[static_cast<size_t>(row * q_stride_ + int64_t{head} * shape_.head_dim + 1)] = NAN;
  }

  bool in_integers() const { return shape_.type == KvType::kI16 || shape_.type == KvType::kI8; }

  // Against the reference; in integers also, far closer, against the recipe itself in double.
  void check(const Variant& variant, int n_threads = 2) {
    const std::vector<float> actual = run(*variant.backend, n_threads);
    const std::vector<float> expected = run(reference_backend());
    const bool exactly = in_integers() && variant.backend != &reference_backend();
    for (int64_t r = 0; r < n_rows(); ++r) {
      for (int h = 0; h < n_heads(); ++h) {
        const Seen seen = seen_by(r, h);
        const std::vector<double> bounds = tolerances(seen);
        const size_t at = static_cast<size_t>((r * n_heads() + h) * shape_.head_dim);
        for (size_t i = 0; i < bounds.size(); ++i) CHECK_NEAR(actual[at + i], expected[at + i], bounds[i]);
        if (!exactly) continue;
        const Rounded rounded = recipe(seen);
        for (size_t i = 0; i < bounds.size(); ++i) {
          CHECK_NEAR(actual[at + i], rounded.out[i], rounded.bounds[i]);
        }
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
