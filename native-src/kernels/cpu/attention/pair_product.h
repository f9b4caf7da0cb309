// The two matrix products of attention in integers, over one tile of a cache of pairs (runtime/kv_layer.h):
// queries by keys, and softmax weights by values. Sums of products are exact, so their order is free; every
// f32 operation on them is one for an element. The bits are the same for every instruction set that fuses.
#pragma once

#include "kernels/cpu/attention/strips.h"

namespace qwq::cpu {

// What lies where in a group. `Level` is its integer, `run` counts elements that share a scale.
template <class V>
struct I16Pairs {
  using Level = int16_t;

  QWQ_INLINE static int n_runs(int) { return 1; }
  QWQ_INLINE static int run_elements(int head_dim) { return head_dim; }
  QWQ_INLINE static int run_of_panel(int) { return 0; }
  QWQ_INLINE static int level_bytes(int head_dim) { return kKvGroup * kv_padded_head(head_dim) * 2; }
  QWQ_INLINE static int scale_bytes(int) { return kKvGroup * 4; }
  QWQ_INLINE static typename V::F scales(const std::byte* group, int head_dim, int, int lane) {
    return V::load(group + level_bytes(head_dim) + 4 * lane);
  }
};

template <class V>
struct I8Pairs {
  using Level = int8_t;

  QWQ_INLINE static int n_runs(int head_dim) { return head_dim / kKvScaleRun; }
  QWQ_INLINE static int run_elements(int) { return kKvScaleRun; }
  QWQ_INLINE static int run_of_panel(int panel) { return panel * kKvPanel / kKvScaleRun; }
  QWQ_INLINE static int level_bytes(int head_dim) { return kKvGroup * head_dim; }
  QWQ_INLINE static int scale_bytes(int head_dim) { return kKvGroup * n_runs(head_dim) * 2; }
  QWQ_INLINE static typename V::F scales(const std::byte* group, int head_dim, int run, int lane) {
    return V::load_f16(group + level_bytes(head_dim) + 2 * (run * kKvGroup + lane));
  }
};

// Levels, kKvPanel pairs of which take a row: row `at` of the line that begins a prefetch asks for it.
template <typename Level>
QWQ_INLINE void prefetch_pairs(const std::byte* group, int at) {
  constexpr int kBytes = kKvPanel * kKvPair * static_cast<int>(sizeof(Level));
  if (at % (64 / kBytes) == 0) prefetch(group + at * kBytes);
}

template <class E>
QWQ_INLINE void prefetch_scales(const std::byte* group, int head_dim) {
  const std::byte* scales = group + E::level_bytes(head_dim);
  for (int at = 0; at < E::scale_bytes(head_dim); at += 64) prefetch(scales + at);
}

// Queries of a head as levels. Those of a strip lie side by side, so that one pointer leads to all of them.
struct QueryLevels {
  const int16_t* levels;  // [head_dim / 2, queries, 2]
  const float* scales;    // [queries], attention's own scale included
  int count;

  QWQ_INLINE QueryLevels from(int first) const { return {levels + first * kKvPair, scales + first, count}; }
};

// scores[j][kKvGroup * g + lane] = q[j] . k of that token, for Q queries and G groups of tokens: sums of a
// run times its scales, ascending and fused, then times the query's. Meanwhile, where kAhead, the same groups
// of the tile `ahead` are fetched.
template <class V, class E, int Q, int G, bool kAhead>
void score_pairs(const QueryLevels& q, const std::byte* const* groups, const std::byte* const* ahead,
                 int head_dim, float* scores) {
  using Level = typename E::Level;
  constexpr int kVectors = kKvGroup / V::kLanes;
  constexpr int N = G * kVectors;
  const int run_pairs = E::run_elements(head_dim) / kKvPair;
  const int n_runs = E::n_runs(head_dim);
  for (int run = 0; run < n_runs; ++run) {
    typename V::Sums sums[Q][N];
#pragma GCC unroll 16
    for (int j = 0; j < Q; ++j) {
#pragma GCC unroll 16
      for (int n = 0; n < N; ++n) sums[j][n] = V::no_sums();
    }
    for (int i = run * run_pairs; i < (run + 1) * run_pairs; ++i) {
      typename V::Pairs keys[N];
#pragma GCC unroll 16
      for (int n = 0; n < N; ++n) {
        const Level* levels = reinterpret_cast<const Level*>(groups[n / kVectors]);
        keys[n] = V::load_pairs(levels + (i * kKvGroup + n % kVectors * V::kLanes) * kKvPair);
        if (kAhead && n % kVectors == 0) prefetch_pairs<Level>(ahead[n / kVectors], i);
      }
#pragma GCC unroll 16
      for (int j = 0; j < Q; ++j) {
        const typename V::Pairs query = V::set1_pair(q.levels + (i * q.count + j) * kKvPair);
#pragma GCC unroll 16
        for (int n = 0; n < N; ++n) sums[j][n] = V::add_products(sums[j][n], keys[n], query);
      }
    }
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) {
      const auto scale = E::scales(groups[n / kVectors], head_dim, run, n % kVectors * V::kLanes);
#pragma GCC unroll 16
      for (int j = 0; j < Q; ++j) {
        float* out = scores + j * kTileTokens + n * V::kLanes;
        const auto sum = V::to_floats(sums[j][n]);
        auto score = run == 0 ? V::mul(sum, scale) : V::fma(sum, scale, V::load(out));
        if (run == n_runs - 1) score = V::mul(score, V::set1(q.scales[j]));
        V::store(out, score);
      }
    }
  }
  if constexpr (kAhead) {
#pragma GCC unroll 16
    for (int g = 0; g < G; ++g) prefetch_scales<E>(ahead[g], head_dim);
  }
}

// Weights of a tile's values as levels.
struct WeightLevels {
  int16_t* levels;  // [n_runs, queries, kTileTokens]
  float* scales;    // [n_runs, queries]
  int count;        // of queries

  QWQ_INLINE WeightLevels from(int first) const {
    return {levels + first * kTileTokens, scales + first, count};
  }
  QWQ_INLINE int16_t* levels_of(int run, int query) const {
    return levels + (run * count + query) * kTileTokens;
  }
  QWQ_INLINE float& scale_of(int run, int query) const { return scales[run * count + query]; }
};

// values[j] += scale * sum over the tokens of n_groups of w[j][t] * v[t], for Q queries and P panels of
// columns from `panel` on, of one run.
template <class V, class E, int Q, int P, bool kAhead>
void weigh_pairs(const WeightLevels& w, const std::byte* const* groups, const std::byte* const* ahead,
                 int n_groups, int head_dim, int panel, float* values) {
  using Level = typename E::Level;
  constexpr int kVectors = kKvPanel / V::kLanes;
  constexpr int kRows = kKvGroup / kKvPair;  // of a panel
  constexpr int N = P * kVectors;
  static_assert(kKvScaleRun % (P * kKvPanel) == 0 && kKvGroup == kKvPanel);
  const int run = E::run_of_panel(panel);
  const int16_t* weights = w.levels_of(run, 0);
  typename V::Sums sums[Q][N];
#pragma GCC unroll 16
  for (int j = 0; j < Q; ++j) {
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) sums[j][n] = V::no_sums();
  }
  for (int g = 0; g < n_groups; ++g) {
    const Level* levels = reinterpret_cast<const Level*>(groups[g]);
    for (int t = 0; t < kRows; ++t) {
      typename V::Pairs row[N];
#pragma GCC unroll 16
      for (int n = 0; n < N; ++n) {
        const int at = (panel + n / kVectors) * kRows + t;
        row[n] = V::load_pairs(levels + (at * kKvPanel + n % kVectors * V::kLanes) * kKvPair);
        if (kAhead && n % kVectors == 0) prefetch_pairs<Level>(ahead[g], at);
      }
#pragma GCC unroll 16
      for (int j = 0; j < Q; ++j) {
        const typename V::Pairs weight = V::set1_pair(weights + j * kTileTokens + g * kKvGroup + t * kKvPair);
#pragma GCC unroll 16
        for (int n = 0; n < N; ++n) sums[j][n] = V::add_products(sums[j][n], row[n], weight);
      }
    }
  }
  const int stride = kv_padded_head(head_dim);
  values += panel * kKvPanel;
#pragma GCC unroll 16
  for (int j = 0; j < Q; ++j) {
    const auto scale = V::set1(w.scale_of(run, j));
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) {
      float* out = values + j * stride + n * V::kLanes;
      V::store(out, V::fma(V::to_floats(sums[j][n]), scale, V::load(out)));
    }
  }
}

}  // namespace qwq::cpu
