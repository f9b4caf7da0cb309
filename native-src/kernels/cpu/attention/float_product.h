// The two matrix products of attention in f32 over one tile of the cache: queries by keys, and softmax
// weights by values. Every element of a result is one chain of additions, over the head for a score and over
// positions for a value, ascending and fused: the bits are the same for every instruction set that fuses,
// whatever its width.
#pragma once

#include "kernels/cpu/attention/strips.h"

namespace qwq::cpu {

// Where a product reads the elements of a tile. `key` and `value` give a vector of them; `lane` and `column`
// are multiples of kLanes.
//
// Widened before: K [kTileGroups][head_dim, kKvGroup], V [panels][kTileTokens, kKvPanel].
template <class V>
struct WidenedTile {
  using F = typename V::F;
  static constexpr bool kInCache = false;
  static constexpr bool kScaled = false;
  static constexpr int kSegment = kTileTokens;  // tokens that one pointer to values covers

  QWQ_INLINE static F key(const std::byte* group, int i, int lane) {
    return V::load(reinterpret_cast<const float*>(group) + i * kKvGroup + lane);
  }
  QWQ_INLINE static F value(const std::byte* segment, int, int t, int panel, int column) {
    return V::load(reinterpret_cast<const float*>(segment) + (panel * kTileTokens + t) * kKvPanel + column);
  }
};

// In the cache itself, where head_dim is a multiple of kKvHeadPadding.
template <class V>
struct F16Tile {
  using F = typename V::F;
  static constexpr bool kInCache = true;
  static constexpr bool kScaled = false;
  static constexpr int kSegment = kKvGroup;

  QWQ_INLINE static F key(const std::byte* group, int i, int lane) {
    return V::load_f16(reinterpret_cast<const uint16_t*>(group) + i * kKvGroup + lane);
  }
  QWQ_INLINE static F value(const std::byte* segment, int head_dim, int t, int panel, int column) {
    return V::load_f16(reinterpret_cast<const uint16_t*>(segment) + t * head_dim + panel * kKvPanel + column);
  }
  QWQ_INLINE static void prefetch_key(const std::byte* group, int i) { prefetch(group + i * kKvGroup * 2); }
  QWQ_INLINE static void prefetch_value(const std::byte* segment, int head_dim, int t, int panel) {
    prefetch(segment + (t * head_dim + panel * kKvPanel) * 2);
  }
};

// The same, levels to be multiplied with scales: those of keys lie behind a group, those of values are
// widened before, [kTileTokens, head_dim / kKvScaleRun].
template <class V>
struct Q8Tile {
  using F = typename V::F;
  static constexpr bool kInCache = true;
  static constexpr bool kScaled = true;
  static constexpr int kSegment = kKvGroup;

  QWQ_INLINE static F key(const std::byte* group, int i, int lane) {
    return V::load_int8(reinterpret_cast<const int8_t*>(group) + i * kKvGroup + lane);
  }
  QWQ_INLINE static F key_scale(const std::byte* group, int head_dim, int i, int lane) {
    const uint16_t* scales = reinterpret_cast<const uint16_t*>(group + head_dim * kKvGroup);
    return V::load_f16(scales + i / kKvScaleRun * kKvGroup + lane);
  }
  QWQ_INLINE static F value(const std::byte* segment, int head_dim, int t, int panel, int column) {
    return V::load_int8(reinterpret_cast<const int8_t*>(segment) + t * head_dim + panel * kKvPanel + column);
  }
  QWQ_INLINE static void prefetch_key(const std::byte* group, int i) {
    if (i % 4 == 0) prefetch(group + i * kKvGroup);
  }
  QWQ_INLINE static void prefetch_value(const std::byte* segment, int head_dim, int t, int panel) {
    prefetch(segment + t * head_dim + panel * kKvPanel);
  }
};

// scores[j][kKvGroup * g + lane] = q[j] . k of that token, for Q queries and G groups of tokens. Meanwhile,
// the same groups of the tile `ahead` are fetched where a tile is read in the cache.
template <class V, class E, int Q, int G>
void score_strip(const float* q, const std::byte* const* groups, const std::byte* const* ahead, int head_dim,
                 float* scores) {
  using F = typename V::F;
  constexpr int kVectors = kKvGroup / V::kLanes;
  constexpr int N = G * kVectors;
  F acc[Q][N];
#pragma GCC unroll 16
  for (int j = 0; j < Q; ++j) {
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) acc[j][n] = V::zero();
  }
  for (int run = 0; run < head_dim;) {
    const int end = E::kScaled ? run + kKvScaleRun : head_dim;
    F scales[N];
    if constexpr (E::kScaled) {
#pragma GCC unroll 16
      for (int n = 0; n < N; ++n) {
        scales[n] = E::key_scale(groups[n / kVectors], head_dim, run, n % kVectors * V::kLanes);
      }
    }
    for (int i = run; i < end; ++i) {
      if constexpr (E::kInCache) {
#pragma GCC unroll 16
        for (int g = 0; g < G; ++g) E::prefetch_key(ahead[g], i);
      }
      F keys[N];
#pragma GCC unroll 16
      for (int n = 0; n < N; ++n) {
        keys[n] = E::key(groups[n / kVectors], i, n % kVectors * V::kLanes);
        if constexpr (E::kScaled) keys[n] = V::mul(keys[n], scales[n]);
      }
#pragma GCC unroll 16
      for (int j = 0; j < Q; ++j) {
        const F query = V::set1(q[j * head_dim + i]);
#pragma GCC unroll 16
        for (int n = 0; n < N; ++n) acc[j][n] = V::fma(query, keys[n], acc[j][n]);
      }
    }
    run = end;
  }
#pragma GCC unroll 16
  for (int j = 0; j < Q; ++j) {
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) V::store(scores + j * kTileTokens + n * V::kLanes, acc[j][n]);
  }
}

// values[j] += sum over t < n of p[j][t] * v[t], for Q queries and P panels of columns from `panel` on.
template <class V, class E, int Q, int P>
void weigh_strip(const float* p, const std::byte* const* segments, const std::byte* const* ahead,
                 int head_dim, int panel, const float* scales, int n_tokens, float* values) {
  using F = typename V::F;
  constexpr int kVectors = kKvPanel / V::kLanes;
  constexpr int N = P * kVectors;
  const int stride = kv_padded_head(head_dim);
  values += panel * kKvPanel;
  F acc[Q][N];
#pragma GCC unroll 16
  for (int j = 0; j < Q; ++j) {
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) acc[j][n] = V::load(values + j * stride + n * V::kLanes);
  }
  for (int first = 0; first < n_tokens; first += E::kSegment) {
    const std::byte* segment = *segments++;
    const int rest = n_tokens - first;
    const int count = rest < E::kSegment ? rest : E::kSegment;
    for (int t = 0; t < count; ++t) {
      if constexpr (E::kInCache) E::prefetch_value(*ahead, head_dim, t, panel);
      F row[N];
#pragma GCC unroll 16
      for (int n = 0; n < N; ++n) {
        row[n] = E::value(segment, head_dim, t, panel + n / kVectors, n % kVectors * V::kLanes);
        if constexpr (E::kScaled) {
          static_assert(kKvScaleRun % (P * kKvPanel) == 0);  // one scale for all columns of the strip
          const int at = (first + t) * (head_dim / kKvScaleRun) + panel * kKvPanel / kKvScaleRun;
          row[n] = V::mul(row[n], V::set1(scales[at]));
        }
      }
#pragma GCC unroll 16
      for (int j = 0; j < Q; ++j) {
        const F weight = V::set1(p[j * kTileTokens + first + t]);
#pragma GCC unroll 16
        for (int n = 0; n < N; ++n) acc[j][n] = V::fma(weight, row[n], acc[j][n]);
      }
    }
    if constexpr (E::kInCache) ++ahead;
  }
#pragma GCC unroll 16
  for (int j = 0; j < Q; ++j) {
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) V::store(values + j * stride + n * V::kLanes, acc[j][n]);
  }
}

}  // namespace qwq::cpu
