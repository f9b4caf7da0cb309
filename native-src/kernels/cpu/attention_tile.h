// Attention of one KV head over one split of the cache, by online softmax.
//
// Numerics, the same for both recipes: positions are cut into splits of kSplitTokens and those into tiles of
// kTileTokens, both from position 0, whatever the query, batch or threads. Per query and tile: scores are dot
// products summed like a prefill row (lanes ascending, then pairwise) and scaled; with m the running maximum,
// p = exp(score - m); the weighted V are added in ascending order of position to the accumulator, which is
// first multiplied by exp(old m - new m). Splits start afresh and are merged in ascending order by the same
// rule. For head_dim d, scores carry (d / lanes + log2(lanes) + 2) * 2^-24 * sum |q k| * scale, which p turns
// into a relative error; the sums over n positions add about (kTileTokens + n / kTileTokens + n /
// kSplitTokens)
// * 2^-24.
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/exp.h"
#include "kernels/cpu/matmul_tiles.h"

namespace qwq::cpu {

inline constexpr int kTileTokens = 64;
inline constexpr int kSplitTokens = 1024;
static_assert(kSplitTokens % kTileTokens == 0);

// head_dim rounded up to whole vectors; the padding is zero.
template <class V>
constexpr int padded_head(int head_dim) {
  return (head_dim + V::kLanes - 1) / V::kLanes * V::kLanes;
}

// Running softmax of the query heads that share a KV head, for one row.
struct SoftmaxState {
  float* maximum;  // [group]
  float* total;    // [group] sum of p
  float* values;   // [group, padded_head] sum of p * V
};

template <class V>
size_t state_floats(int group, int head_dim) {
  const size_t floats = static_cast<size_t>(group) * static_cast<size_t>(2 + padded_head<V>(head_dim));
  return (floats + 15) / 16 * 16;
}

QWQ_INLINE SoftmaxState state_at(float* memory, int group) {
  return {memory, memory + group, memory + 2 * group};
}

// Memory of a worker besides its states.
struct TileBuffers {
  float* k;       // [kTileTokens, padded_head]
  float* v;       // [kTileTokens, padded_head]
  float* q;       // [group, padded_head]
  float* scores;  // [group, kTileTokens]
};

template <class V>
size_t tile_buffer_floats(int group, int head_dim) {
  const size_t head = static_cast<size_t>(padded_head<V>(head_dim));
  const size_t floats = 2 * kTileTokens * head + static_cast<size_t>(group) * (head + kTileTokens);
  return (floats + 15) / 16 * 16;
}

template <class V>
TileBuffers tile_buffers_at(float* memory, int group, int head_dim) {
  const int64_t head = padded_head<V>(head_dim);
  TileBuffers b;
  b.k = memory;
  b.v = b.k + kTileTokens * head;
  b.q = b.v + kTileTokens * head;
  b.scores = b.q + group * head;
  return b;
}

// dst[n, padded_head] = rows of f16, zero padded.
template <class V>
void widen_rows(const uint16_t* src, int n, int head_dim, float* dst) {
  const int head = padded_head<V>(head_dim);
  for (int t = 0; t < n; ++t) {
    int i = 0;
    for (; i + V::kLanes <= head_dim; i += V::kLanes) V::store(dst + i, V::load_f16(src + i));
    if (i < head_dim) V::store(dst + i, V::load_f16_partial(src + i, head_dim - i));
    src += head_dim;
    dst += head;
  }
}

// Widens K and V of positions [begin, begin + n), block by block.
template <class V>
void load_tile(const KvLayer& kv, const int32_t* block_table, int kv_head, int64_t begin, int n,
               const TileBuffers& buffers) {
  const int64_t head = padded_head<V>(kv.head_dim);
  for (int done = 0; done < n;) {
    const int64_t position = begin + done;
    const int64_t in_block = position % kv.block_size;
    const int take = static_cast<int>(smaller(kv.block_size - in_block, n - done));
    const int32_t block = block_table[position / kv.block_size];
    widen_rows<V>(kv.k(block, kv_head) + in_block * kv.head_dim, take, kv.head_dim, buffers.k + done * head);
    widen_rows<V>(kv.v(block, kv_head) + in_block * kv.head_dim, take, kv.head_dim, buffers.v + done * head);
    done += take;
  }
}

// scores[j][i] = scale * q[j] . k[i] for Q queries and T keys.
template <class V, int Q, int T>
QWQ_INLINE void score_tile(const float* q, const float* k, int head, float scale, float* scores) {
  using F = typename V::F;
  F acc[Q][T];
#pragma GCC unroll 4
  for (int j = 0; j < Q; ++j) {
#pragma GCC unroll 4
    for (int i = 0; i < T; ++i) acc[j][i] = V::zero();
  }
  for (int d = 0; d < head; d += V::kLanes) {
    F keys[T];
#pragma GCC unroll 4
    for (int i = 0; i < T; ++i) keys[i] = V::load(k + i * head + d);
#pragma GCC unroll 4
    for (int j = 0; j < Q; ++j) {
      const F query = V::load(q + j * head + d);
#pragma GCC unroll 4
      for (int i = 0; i < T; ++i) acc[j][i] = V::fma(query, keys[i], acc[j][i]);
    }
  }
#pragma GCC unroll 4
  for (int j = 0; j < Q; ++j) {
#pragma GCC unroll 4
    for (int i = 0; i < T; ++i) scores[j * kTileTokens + i] = V::reduce_add(acc[j][i]) * scale;
  }
}

template <class V, int Q>
QWQ_INLINE void score_queries(const float* q, const float* k, int n, int head, float scale, float* scores) {
  int i = 0;
  for (; i + 4 <= n; i += 4) score_tile<V, Q, 4>(q, k + i * head, head, scale, scores + i);
  for (; i < n; ++i) score_tile<V, Q, 1>(q, k + i * head, head, scale, scores + i);
}

// values[j] += sum over i of p[j][i] * v[i], for Q queries and D vectors of the head from d on.
template <class V, int Q, int D>
QWQ_INLINE void weigh_tile(const float* p, const float* v, int n, int head, float* values) {
  using F = typename V::F;
  F acc[Q][D];
#pragma GCC unroll 4
  for (int j = 0; j < Q; ++j) {
#pragma GCC unroll 4
    for (int d = 0; d < D; ++d) acc[j][d] = V::load(values + j * head + d * V::kLanes);
  }
  for (int i = 0; i < n; ++i) {
    F row[D];
#pragma GCC unroll 4
    for (int d = 0; d < D; ++d) row[d] = V::load(v + i * head + d * V::kLanes);
#pragma GCC unroll 4
    for (int j = 0; j < Q; ++j) {
      const F weight = V::set1(p[j * kTileTokens + i]);
#pragma GCC unroll 4
      for (int d = 0; d < D; ++d) acc[j][d] = V::fma(weight, row[d], acc[j][d]);
    }
  }
#pragma GCC unroll 4
  for (int j = 0; j < Q; ++j) {
#pragma GCC unroll 4
    for (int d = 0; d < D; ++d) V::store(values + j * head + d * V::kLanes, acc[j][d]);
  }
}

template <class V, int Q>
QWQ_INLINE void weigh_queries(const float* p, const float* v, int n, int head, float* values) {
  int d = 0;
  for (; d + 4 * V::kLanes <= head; d += 4 * V::kLanes) weigh_tile<V, Q, 4>(p, v + d, n, head, values + d);
  for (; d < head; d += V::kLanes) weigh_tile<V, Q, 1>(p, v + d, n, head, values + d);
}

template <class V>
QWQ_INLINE float exp_scalar(float x) {
  float lanes[V::kLanes];
  V::store(lanes, exp<V>(V::set1(x)));
  return lanes[0];
}

// Multiplies what a state has gathered under `from` so that it counts under the larger maximum `to`.
template <class V>
QWQ_INLINE float rescale(float from, float to, float* values, int head) {
  if (from == to) return 1.0f;
  const float factor = exp_scalar<V>(from - to);
  for (int d = 0; d < head; d += V::kLanes)
    V::store(values + d, V::mul(V::load(values + d), V::set1(factor)));
  return factor;
}

// Replaces n scores by exp(score - maximum), zeros up to the next whole vector; updates the state's maximum
// and total.
template <class V>
void softmax_row(float* scores, int n, int head, float* maximum, float* total, float* values) {
  using F = typename V::F;
  const int full = n / V::kLanes * V::kLanes;
  float largest = *maximum;
  for (int i = 0; i < full; i += V::kLanes) {
    const float m = V::reduce_max(V::load(scores + i));
    largest = m > largest ? m : largest;
  }
  for (int i = full; i < n; ++i) largest = scores[i] > largest ? scores[i] : largest;

  *total *= rescale<V>(*maximum, largest, values, head);
  *maximum = largest;

  const F shift = V::set1(largest);
  F sum = V::zero();
  for (int i = 0; i < full; i += V::kLanes) {
    const F p = exp<V>(V::sub(V::load(scores + i), shift));
    V::store(scores + i, p);
    sum = V::add(sum, p);
  }
  if (full < n) {
    float rest[V::kLanes];
    V::store(rest, exp<V>(V::sub(V::load_partial(scores + full, n - full), shift)));
    for (int i = n - full; i < V::kLanes; ++i) rest[i] = 0.0f;
    V::store_partial(scores + full, V::load(rest), n - full);
    sum = V::add(sum, V::load(rest));
  }
  *total += V::reduce_add(sum);
}

// Lowest finite f32: a maximum before the first score.
inline constexpr float kNoScore = -3.4028235e38f;

template <class V>
void clear_state(const SoftmaxState& state, int group, int head) {
  for (int j = 0; j < group; ++j) {
    state.maximum[j] = kNoScore;
    state.total[j] = 0.0f;
  }
  for (int i = 0; i < group * head; ++i) state.values[i] = 0.0f;
}

// Adds the first n tokens of the loaded tile to the state of one row.
template <class V>
void add_tile(const float* q, const TileBuffers& buffers, int n, int group, int head_dim, float scale,
              const SoftmaxState& state) {
  constexpr int Q = V::kTileQueries;
  const int head = padded_head<V>(head_dim);
  for (int j = 0; j < group; ++j) {
    for (int i = 0; i < head_dim; i += V::kLanes) {
      const int rest = head_dim - i;
      const auto v = rest >= V::kLanes ? V::load(q + i) : V::load_partial(q + i, rest);
      V::store(buffers.q + j * head + i, v);
    }
    q += head_dim;
  }
  int j = 0;
  for (; j + Q <= group; j += Q) {
    score_queries<V, Q>(buffers.q + j * head, buffers.k, n, head, scale, buffers.scores + j * kTileTokens);
  }
  for (; j < group; ++j) {
    score_queries<V, 1>(buffers.q + j * head, buffers.k, n, head, scale, buffers.scores + j * kTileTokens);
  }
  for (j = 0; j < group; ++j) {
    softmax_row<V>(buffers.scores + j * kTileTokens, n, head, &state.maximum[j], &state.total[j],
                   state.values + j * head);
  }
  for (j = 0; j + Q <= group; j += Q) {
    weigh_queries<V, Q>(buffers.scores + j * kTileTokens, buffers.v, n, head, state.values + j * head);
  }
  for (; j < group; ++j) {
    weigh_queries<V, 1>(buffers.scores + j * kTileTokens, buffers.v, n, head, state.values + j * head);
  }
}

// Adds the state of a later split to that of the earlier ones. `later` is used up.
template <class V>
void merge_state(const SoftmaxState& into, const SoftmaxState& later, int group, int head) {
  for (int j = 0; j < group; ++j) {
    float* a = into.values + j * head;
    float* b = later.values + j * head;
    const float largest = into.maximum[j] > later.maximum[j] ? into.maximum[j] : later.maximum[j];
    into.total[j] *= rescale<V>(into.maximum[j], largest, a, head);
    later.total[j] *= rescale<V>(later.maximum[j], largest, b, head);
    into.maximum[j] = largest;
    into.total[j] += later.total[j];
    for (int d = 0; d < head; d += V::kLanes) V::store(a + d, V::add(V::load(a + d), V::load(b + d)));
  }
}

// out[group, head_dim] = values / total
template <class V>
void write_output(const SoftmaxState& state, int group, int head_dim, float* out) {
  const int head = padded_head<V>(head_dim);
  for (int j = 0; j < group; ++j) {
    const auto inverse = V::set1(1.0f / state.total[j]);
    for (int i = 0; i < head_dim; i += V::kLanes) {
      const auto v = V::mul(V::load(state.values + j * head + i), inverse);
      if (head_dim - i >= V::kLanes) {
        V::store(out + i, v);
      } else {
        V::store_partial(out + i, v, head_dim - i);
      }
    }
    out += head_dim;
  }
}

}  // namespace qwq::cpu
