// Attention to one tile of a cache of pairs, in integers.
//
// A query becomes levels of 16 bits, scale = norm / 32767. For 16-bit keys a score is one exact sum times
// three scales: by Cauchy and Schwarz it, and each part of it, is below 2^30 and a bit. For 8-bit keys sums
// are those of 32 elements. Rounding queries moves a score by at most |q| / 65534 * sum |k|.
//
// The weight of a token's value is w = p times the value's scale. Weights of a tile become levels, too, with
// S, their sum, for 32767: sums of products with values stay below 2^30 and a bit, and one weight is off by
// S / 65534 at most. S is gathered in kKvGroup lanes, token t in lane t mod kKvGroup, then pairwise. Products
// with a level of zero are zero whatever the other factor: tokens a row does not see touch nothing.
#pragma once

#include "kernels/cpu/attention/pair_product.h"
#include "kernels/cpu/attention/tile.h"

namespace qwq::cpu {

// Sums of weights up to this count as zero, an error below 2^-85: 32767 over less might be infinite, of which
// instruction sets make different integers.
inline constexpr float kNoWeight = 0x1p-100f;

// Memory of a worker besides its states; runs are those of 8-bit levels, which are more.
struct PairBuffers {
  float* query_scales;   // [queries]
  float* scores;         // [queries, kTileTokens]
  float* value_scales;   // [runs, kTileTokens]
  float* weight_scales;  // [runs, queries]
  int16_t* weights;      // [runs, queries, kTileTokens]
  int16_t* queries;      // of each head QueryLevels
};

QWQ_INLINE size_t pair_buffer_floats(const AttentionShape& shape) {
  const int64_t head = kv_padded_head(shape.head_dim);
  const int64_t runs = head / kKvScaleRun;
  const int64_t each = 1 + kTileTokens + runs + runs * kTileTokens / 2 + head / 2;
  return static_cast<size_t>((shape.most_queries * each + runs * kTileTokens + 15) / 16 * 16);
}

QWQ_INLINE PairBuffers pair_buffers_at(float* memory, const AttentionShape& shape) {
  const int64_t head = kv_padded_head(shape.head_dim);
  const int64_t runs = head / kKvScaleRun;
  PairBuffers b;
  b.scores = memory;
  b.value_scales = b.scores + shape.most_queries * kTileTokens;
  b.weights = reinterpret_cast<int16_t*>(b.value_scales + runs * kTileTokens);
  b.queries = b.weights + shape.most_queries * runs * kTileTokens;
  b.query_scales = reinterpret_cast<float*>(b.queries + shape.most_queries * head);
  b.weight_scales = b.query_scales + shape.most_queries;
  return b;
}

// Weights of n tokens as levels with their scale; levels from n on, up to n_padded, a multiple of kKvGroup,
// are zero. p[n], value_scales[n]. kWhole: n is kTileTokens.
template <class V, bool kWhole>
QWQ_INLINE float quantize_weights(const float* p, const float* value_scales, int n, int n_padded,
                                  int16_t* levels) {
  using F = typename V::F;
  constexpr int kVectors = kKvGroup / V::kLanes;
  F weights[kTileTokens / V::kLanes] = {};
  F sums[kVectors];
#pragma GCC unroll 4
  for (int l = 0; l < kVectors; ++l) sums[l] = V::zero();
#pragma GCC unroll 16
  for (int i = 0; i < kTileTokens / V::kLanes; ++i) {
    const int t = i * V::kLanes;
    if (!kWhole && t >= n_padded) break;
    const int rest = kWhole ? V::kLanes : n - t;
    weights[i] = V::mul(load_up_to<V>(p + t, rest), load_up_to<V>(value_scales + t, rest));
    sums[i % kVectors] = V::add(sums[i % kVectors], weights[i]);
  }
  const float sum = reduce_lanes<V>(sums);
  const F inverse = V::set1(sum > kNoWeight ? kLargestLevel / sum : 0.0f);
#pragma GCC unroll 16
  for (int i = 0; i < kTileTokens / V::kLanes; ++i) {
    if (!kWhole && i * V::kLanes >= n_padded) break;
    V::store_int16(levels + i * V::kLanes, V::mul(weights[i], inverse));
  }
  return sum * (1.0f / kLargestLevel);
}

// E: I16Pairs or I8Pairs.
template <class V, class E>
class PairProducts {
 public:
  PairProducts(float* memory, const AttentionArgs& args, const AttentionShape& shape)
      : args_(args),
        shape_(shape),
        n_runs_(E::n_runs(shape.head_dim)),
        buffers_(pair_buffers_at(memory, shape)) {}

  void load_queries(const QueryBlock& block) const {
    const int64_t count = block.n_rows() * shape_.group;  // of a KV head
    float* scales = buffers_.query_scales;
    for (int head = block.head; head < block.last_head; ++head) {
      int16_t* levels = levels_of(block, head);
      for (int64_t r = block.first; r < block.last; ++r) {
        const float* q = args_.q + r * args_.q_stride + int64_t{head} * shape_.group * shape_.head_dim;
        for (int j = 0; j < shape_.group; ++j, q += shape_.head_dim, levels += kKvPair) {
          *scales++ = load_query(q, count, levels) * args_.scale;
        }
      }
    }
  }

  // Adds the tile from position `begin` on to the state of a head's queries.
  void add_tile(const QueryBlock& block, int head, int64_t begin, const Tile& tile, const Tile& ahead,
                const SoftmaxState& state) const {
    int64_t row = block.first;  // rows before see nothing of the tile
    while (n_seen(row, begin) <= 0) ++row;
    add(block, row, head, begin, tile, ahead,
        from_query(state, (row - block.first) * shape_.group, shape_.head_dim));
  }

 private:
  struct ScoreStrips {
    const PairProducts& self;
    QueryLevels queries;
    const std::byte* const* keys;
    const std::byte* const* ahead;
    float* scores;

    template <int Q, bool kAhead>
    QWQ_INLINE void strip(int first) const {
      score_pairs<V, E, Q, V::kAttentionGroups, kAhead>(queries.from(first), keys, ahead,
                                                        self.shape_.head_dim, scores + first * kTileTokens);
    }
  };

  struct WeighStrips {
    const PairProducts& self;
    WeightLevels weights;
    const std::byte* const* values;
    const std::byte* const* ahead;
    int n_groups;
    int panel;
    float* out;

    template <int Q, bool kAhead>
    QWQ_INLINE void strip(int first) const {
      const int head_dim = self.shape_.head_dim;
      weigh_pairs<V, E, Q, V::kAttentionGroups, kAhead>(weights.from(first), values, ahead, n_groups,
                                                        head_dim, panel,
                                                        out + first * kv_padded_head(head_dim));
    }
  };

  // What for_strips calls: the first strip of a tile fetches the one ahead.
  template <typename Strips>
  struct FetchOnce {
    Strips strips;

    template <int Q>
    QWQ_INLINE void run(int first) const {
      if (first == 0) {
        strips.template strip<Q, true>(first);
      } else {
        strips.template strip<Q, false>(first);
      }
    }
  };
  template <typename Strips>
  QWQ_INLINE static void for_queries(int queries, const Strips& strips) {
    for_strips<V::kPairQueries>(queries, FetchOnce<Strips>{strips});
  }

  // Its levels, pairs of which lie `count` pairs apart, and their scale.
  float load_query(const float* q, int64_t count, int16_t* pairs) const {
    constexpr int kPiece = 64;
    int16_t levels[kPiece];
    const float measure = norm<V>(q, shape_.head_dim);
    float scale = 0;
    for (int i = 0; i < shape_.head_dim; i += kPiece) {
      const int n = static_cast<int>(smaller(kPiece, shape_.head_dim - i));
      scale = quantize<V>(q + i, n, measure, levels);
      for (int e = 0; e < n; e += kKvPair, pairs += count * kKvPair) {
        pairs[0] = levels[e];
        pairs[1] = levels[e + 1];
      }
    }
    return scale;
  }

  int16_t* levels_of(const QueryBlock& block, int head) const {
    return buffers_.queries + (head - block.head) * block.n_rows() * shape_.group * shape_.head_dim;
  }

  int64_t n_seen(int64_t row, int64_t begin) const { return args_.rows[row].position + 1 - begin; }

  // Rows from `first` on, all of which see some of the tile; `state` is that of their queries.
  void add(const QueryBlock& block, int64_t first, int head, int64_t begin, const Tile& tile,
           const Tile& ahead, const SoftmaxState& state) const {
    const int head_dim = shape_.head_dim;
    const int queries = static_cast<int>(block.last - first) * shape_.group;
    const int count = static_cast<int>(block.n_rows()) * shape_.group;  // with those that see nothing
    const int skipped = count - queries;
    const QueryLevels all = {levels_of(block, head), buffers_.query_scales + (head - block.head) * count,
                             count};
    const QueryLevels q = all.from(skipped);
    for (int g = 0; g * kKvGroup < tile.n_tokens; g += V::kAttentionGroups) {
      for_queries(queries,
                  ScoreStrips{*this, q, tile.keys + g, ahead.keys + g, buffers_.scores + g * kKvGroup});
    }
    const int n_groups = (tile.n_tokens + kKvGroup - 1) / kKvGroup;
    widen_scales(tile, ahead, n_groups);
    const WeightLevels w = {buffers_.weights, buffers_.weight_scales, queries};
    for (int j = 0; j < queries; ++j) {
      const int n = static_cast<int>(smaller(n_seen(first + j / shape_.group, begin), tile.n_tokens));
      float* scores = buffers_.scores + j * kTileTokens;
      softmax_row<V>(scores, n, state, j, head_dim);
      const int n_padded = n_groups * kKvGroup;
      for (int run = 0; run < n_runs_; ++run) {
        const float* scales = buffers_.value_scales + run * kTileTokens;
        int16_t* levels = w.levels_of(run, j);
        w.scale_of(run, j) = n == kTileTokens
                                 ? quantize_weights<V, true>(scores, scales, n, n_padded, levels)
                                 : quantize_weights<V, false>(scores, scales, n, n_padded, levels);
      }
    }
    for (int panel = 0; panel * kKvPanel < kv_padded_head(head_dim); panel += V::kAttentionGroups) {
      for_queries(queries, WeighStrips{*this, w, tile.values, ahead.values, n_groups, panel, state.values});
    }
  }

  // value_scales of the tile.
  QWQ_INLINE void widen_scales(const Tile& tile, const Tile& ahead, int n_groups) const {
    for (int g = 0; g < n_groups; ++g) {
      prefetch_scales<E>(ahead.values[g], shape_.head_dim);
      for (int run = 0; run < n_runs_; ++run) {
        float* out = buffers_.value_scales + run * kTileTokens + g * kKvGroup;
        for (int lane = 0; lane < kKvGroup; lane += V::kLanes) {
          V::store(out + lane, E::scales(tile.values[g], shape_.head_dim, run, lane));
        }
      }
    }
  }

  const AttentionArgs& args_;
  const AttentionShape& shape_;
  const int n_runs_;
  const PairBuffers buffers_;
};

}  // namespace qwq::cpu
