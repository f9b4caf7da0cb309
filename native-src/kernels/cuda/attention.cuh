// Attention over the paged cache by the recipe of kernels/cpu/attention_tile.h, to the bit: positions in
// splits of 1,024 and tiles of 64, one fused chain over the head for a score and over the positions of a
// split for a value, online softmax tile by tile, splits merged in ascending order.
//
// A block of threads takes a run of rows of one sequence and a KV head. Per chunk of 256 positions:
//
//   scores   a thread a position: its key meets all queries
//   softmax  a warp a query, tile by tile
//   values   a thread a column of V, for half of the queries or all of them
#pragma once

#include "kernels/cuda/exp.cuh"
#include "kernels/cuda/kv_cache.cuh"

namespace qwq::cuda {

inline constexpr int kAttentionThreads = 256;
inline constexpr int kSplitTokens = 1024;
inline constexpr int kTileTokens = 64;
inline constexpr int kChunkTokens = kAttentionThreads;
inline constexpr int kTilesOfChunk = kChunkTokens / kTileTokens;
// Lowest finite f32: a maximum before the first score.
inline constexpr float kNoScore = -3.4028235e38f;

struct AttentionParams {
  Global<const float> q;  // [n_rows, n_heads, head_dim], row stride q_stride
  int64_t q_stride;
  RowParams rows;
  Global<const int32_t> run_first;  // [n_runs + 1] first rows of runs
  CacheParams<const uint8_t> cache;
  int group;  // query heads of a KV head
  float scale;
  int splits;            // 0: a block of threads takes all splits of its rows; else block_z is the split
  Global<float> out;     // [n_rows, n_heads, head_dim], if splits == 0
  Global<float> states;  // [n_rows, n_heads, splits, state_floats], else
};

// A state: maximum, 16 totals, head_dim values.
constexpr int state_floats(int head_dim) { return 1 + kKvGroup + head_dim; }

// Lanes l and l + 8, then l and l + 4, l and l + 2, the last two.
template <typename Totals>
QWQ_DEVICE float reduce_total(const Totals& total) {
  float sums[8];
  QWQ_UNROLL
  for (int l = 0; l < 8; ++l) sums[l] = total[l] + total[l + 8];
  QWQ_UNROLL
  for (int l = 0; l < 4; ++l) sums[l] += sums[l + 4];
  return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}

// What has to be multiplied to a sum under maximum `from` for it to count under `to`.
QWQ_DEVICE float rescaling(float from, float to) { return from == to ? 1.0f : exponential(from - to); }

// kQueries at once, head_dim up to kColumns (128 or 256).
template <int kQueries, int kColumns, bool kQ8>
struct Attention {
  static constexpr int kKeysAhead = 8;
  static constexpr int kShare =
      kColumns == kAttentionThreads ? kQueries : kQueries / 2;  // of a thread's values

  // Of the block of threads.
  Shared<float> q;        // [kColumns, kQueries], scaled
  Shared<float> p;        // [kQueries, kChunkTokens] scores, then weights
  Shared<float> factor;   // [kTilesOfChunk, kQueries] what values so far are multiplied by before a tile
  Shared<float> maximum;  // [kQueries]
  Shared<float> total;    // [kQueries, kKvGroup]
  Shared<float> earlier_maximum;
  Shared<float> earlier_total;
  Shared<int32_t> n_tokens;  // [kQueries] that a query sees

  QWQ_DEVICE_MEMBER static int column() { return thread_index() % kColumns; }
  QWQ_DEVICE_MEMBER static int first_query() { return thread_index() / kColumns * kShare; }

  QWQ_DEVICE_MEMBER static float key_element(Global<const uint8_t> group, int head_dim, int lane, int i) {
    if constexpr (kQ8) {
      const float scale = half_to_float(
          read<uint16_t>(group + kKvGroup * head_dim + 2 * (i / kKvScaleRun * kKvGroup + lane)));
      return static_cast<float>(static_cast<int8_t>(static_cast<uint8_t>(group[i * kKvGroup + lane]))) *
             scale;
    } else {
      return half_to_float(read<uint16_t>(group + 2 * (i * kKvGroup + lane)));
    }
  }
  QWQ_DEVICE_MEMBER static float value_element(Global<const uint8_t> group, int head_dim, int token, int i) {
    if constexpr (kQ8) {
      const float scale = half_to_float(read<uint16_t>(
          group + kKvGroup * head_dim + 2 * (token * (head_dim / kKvScaleRun) + i / kKvScaleRun)));
      return static_cast<float>(static_cast<int8_t>(static_cast<uint8_t>(group[token * head_dim + i]))) *
             scale;
    } else {
      return half_to_float(read<uint16_t>(group + 2 * (token * head_dim + i)));
    }
  }

  // Adds element i of a key times that of all queries to their sums.
  QWQ_DEVICE_MEMBER void add_key(float key, int i, float (&sums)[kQueries]) const {
    QWQ_UNROLL
    for (int j = 0; j < kQueries; j += 4) {
      const Float4 four = read<Float4>(q + i * kQueries + j);
      QWQ_UNROLL
      for (int l = 0; l < 4; ++l) sums[j + l] = fma(four.v[l], key, sums[j + l]);
    }
  }

  // p[j][t] = q[j] . k of position begin + t, for the first n positions of a chunk.
  QWQ_DEVICE_MEMBER void score(const CacheParams<const uint8_t>& cache, Global<const int32_t> table,
                               int kv_head, int64_t begin, int n) const {
    const int t = thread_index();
    if (t >= n) return;
    const Global<const uint8_t> group = cache.group(table, begin + t, kv_head);
    const int lane = static_cast<int>((begin + t) % kKvGroup);
    float sums[kQueries] = {};
    // Eight elements are on their way at once: a warp reads 64 bytes of each, or 32.
    int i = 0;
    for (; i + kKeysAhead <= cache.head_dim; i += kKeysAhead) {
      float keys[kKeysAhead];
      QWQ_UNROLL
      for (int l = 0; l < kKeysAhead; ++l) keys[l] = key_element(group, cache.head_dim, lane, i + l);
      QWQ_UNROLL
      for (int l = 0; l < kKeysAhead; ++l) add_key(keys[l], i + l, sums);
    }
    for (; i < cache.head_dim; ++i) add_key(key_element(group, cache.head_dim, lane, i), i, sums);
    QWQ_UNROLL
    for (int j = 0; j < kQueries; ++j) p[j * kChunkTokens + t] = sums[j];
  }

  // Scores of a chunk to weights; maxima and totals take them in.
  QWQ_DEVICE_MEMBER void softmax(int64_t begin, int queries) const {
    const int lane = lane_index();
    for (int j = warp_index(); j < queries; j += kAttentionThreads / kWarp) {
      float largest = maximum[j];
      float sum = total[j * kKvGroup + lane % kKvGroup];
      for (int tile = 0; tile < kTilesOfChunk; ++tile) {
        const int64_t n = static_cast<int32_t>(n_tokens[j]) - (begin + tile * kTileTokens);
        if (n <= 0) break;
        const Shared<float> scores = p + j * kChunkTokens + tile * kTileTokens;
        const float first = lane < n ? static_cast<float>(scores[lane]) : kNoScore;
        const float second = lane + kWarp < n ? static_cast<float>(scores[lane + kWarp]) : kNoScore;
        float most = first > second ? first : second;
        QWQ_UNROLL
        for (int width = kWarp / 2; width > 0; width /= 2) {
          const float other = shuffle_xor(kAllLanes, most, width);
          most = other > most ? other : most;
        }
        most = most > largest ? most : largest;
        const float rescale = rescaling(largest, most);
        largest = most;
        const float p_first = lane < n ? exponential(first - largest) : 0.0f;
        const float p_second = lane + kWarp < n ? exponential(second - largest) : 0.0f;
        scores[lane] = p_first;
        scores[lane + kWarp] = p_second;
        // Position t goes to lane t mod 16, ascending.
        const float next_first = shuffle_down(kAllLanes, p_first, kKvGroup);
        const float next_second = shuffle_down(kAllLanes, p_second, kKvGroup);
        sum = sum * rescale + p_first;
        sum += next_first;
        sum += p_second;
        sum += next_second;
        if (lane == 0) factor[tile * kQueries + j] = rescale;
      }
      sync_warp();  // all lanes have read what lane 0 and the first 16 overwrite
      if (lane == 0) maximum[j] = largest;
      if (lane < kKvGroup) total[j * kKvGroup + lane] = sum;
    }
  }

  // values[j] += sum over the chunk's first n positions of p[j][t] * v[t], as far as query j sees them.
  QWQ_DEVICE_MEMBER void weigh(const CacheParams<const uint8_t>& cache, Global<const int32_t> table,
                               int kv_head, int64_t begin, int n, int queries,
                               float (&values)[kShare]) const {
    const int i = column();
    const int first = first_query();
    if (i >= cache.head_dim || first >= queries) return;
    int visible[kShare];  // of the chunk; queries that are none see nothing
    QWQ_UNROLL
    for (int j = 0; j < kShare; ++j) {
      visible[j] =
          first + j < queries ? static_cast<int>(static_cast<int32_t>(n_tokens[first + j]) - begin) : 0;
    }
    for (int tile = 0; tile * kTileTokens < n; ++tile) {
      QWQ_UNROLL
      for (int j = 0; j < kShare; ++j) {
        if (tile * kTileTokens < visible[j])
          values[j] *= static_cast<float>(factor[tile * kQueries + first + j]);
      }
      const int end = (tile + 1) * kTileTokens < n ? (tile + 1) * kTileTokens : n;
      for (int t = tile * kTileTokens; t < end; t += 4) {
        const Global<const uint8_t> group = cache.group(table, begin + t, cache.n_kv_heads + kv_head);
        float v[4];
        QWQ_UNROLL
        for (int l = 0; l < 4; ++l) {
          v[l] = t + l < end ? value_element(group, cache.head_dim, (t + l) % kKvGroup, i) : 0.0f;
        }
        QWQ_UNROLL
        for (int j = 0; j < kShare; ++j) {
          if (t >= visible[j]) continue;
          const Float4 weights = read<Float4>(p + (first + j) * kChunkTokens + t);
          QWQ_UNROLL
          for (int l = 0; l < 4; ++l) {
            // What a query does not see must not touch it, be it infinite.
            if (t + l < visible[j]) values[j] = fma(weights.v[l], v[l], values[j]);
          }
        }
      }
    }
  }
};

template <int kQueries, int kColumns, bool kQ8>
QWQ_KERNEL void QWQ_THREADS(kAttentionThreads, 2) attention_kernel(AttentionParams params) {
  using A = Attention<kQueries, kColumns, kQ8>;
  QWQ_SHARED(float, q, kColumns* kQueries);
  QWQ_SHARED(float, p, kQueries* kChunkTokens);
  QWQ_SHARED(float, factor, kTilesOfChunk* kQueries);
  QWQ_SHARED(float, maximum, kQueries);
  QWQ_SHARED(float, total, kQueries* kKvGroup);
  QWQ_SHARED(float, earlier_maximum, kQueries);
  QWQ_SHARED(float, earlier_total, kQueries* kKvGroup);
  QWQ_SHARED(int32_t, n_tokens, kQueries);
  const A a = {q, p, factor, maximum, total, earlier_maximum, earlier_total, n_tokens};
  const CacheParams<const uint8_t>& cache = params.cache;
  const int head_dim = cache.head_dim;
  const int t = thread_index();
  const int kv_head = block_y();
  const int first_row = params.run_first[block_x()];
  const int n_rows = static_cast<int32_t>(params.run_first[block_x() + 1]) - first_row;
  const Global<const int32_t> table =
      params.rows.tables + static_cast<int32_t>(params.rows.table_of[first_row]);
  const int n_heads = cache.n_kv_heads * params.group;

  for (int begin_query = 0; begin_query < n_rows * params.group; begin_query += kQueries) {
    const int rest = n_rows * params.group - begin_query;
    const int queries = rest < kQueries ? rest : kQueries;
    // Query j of these is head (begin_query + j) mod group of row (begin_query + j) / group.
    sync_block();
    for (int j = t; j < queries; j += kAttentionThreads) {
      const int row = first_row + (begin_query + j) / params.group;
      n_tokens[j] = static_cast<int32_t>(params.rows.positions[row]) + 1;
    }
    for (int at = t; at < kQueries * head_dim; at += kAttentionThreads) {
      const int j = at / head_dim;
      const int i = at % head_dim;
      float element = 0.0f;
      if (j < queries) {
        const int64_t row = first_row + (begin_query + j) / params.group;
        const int head = kv_head * params.group + (begin_query + j) % params.group;
        element = params.q[row * params.q_stride + int64_t{head} * head_dim + i] * params.scale;
      }
      q[i * kQueries + j] = element;
    }
    sync_block();
    const int64_t most_tokens = static_cast<int32_t>(n_tokens[queries - 1]);  // rows ascend
    const int n_splits = static_cast<int>(ceil_div(most_tokens, kSplitTokens));
    const int first_split = params.splits == 0 ? 0 : block_z();
    const int last_split = params.splits == 0       ? n_splits
                           : first_split < n_splits ? first_split + 1
                                                    : n_splits;
    float values[A::kShare];
    float earlier[A::kShare] = {};
    for (int split = first_split; split < last_split; ++split) {
      for (int at = t; at < kQueries * kKvGroup; at += kAttentionThreads) total[at] = 0.0f;
      if (t < kQueries) maximum[t] = kNoScore;
      QWQ_UNROLL
      for (int j = 0; j < A::kShare; ++j) values[j] = 0.0f;
      const int64_t end_of_split = (split + int64_t{1}) * kSplitTokens;
      const int64_t end = end_of_split < most_tokens ? end_of_split : most_tokens;
      for (int64_t begin = int64_t{split} * kSplitTokens; begin < end; begin += kChunkTokens) {
        const int n = static_cast<int>(end - begin < kChunkTokens ? end - begin : kChunkTokens);
        a.score(cache, table, kv_head, begin, n);
        sync_block();
        a.softmax(begin, queries);
        sync_block();
        a.weigh(cache, table, kv_head, begin, n, queries, values);
        sync_block();
      }
      if (split == first_split) {
        if (params.splits == 0 && last_split > 1) {
          // Becomes what later splits are merged into.
          for (int at = t; at < queries * kKvGroup; at += kAttentionThreads) {
            earlier_total[at] = static_cast<float>(total[at]);
          }
          if (t < queries) earlier_maximum[t] = static_cast<float>(maximum[t]);
          QWQ_UNROLL
          for (int j = 0; j < A::kShare; ++j) earlier[j] = values[j];
        }
        sync_block();
        continue;
      }
      // Merges this split into the earlier ones. A query that sees nothing of it has no score: its factors
      // are 1 and exp of the lowest number, by which its zeros are multiplied.
      QWQ_UNROLL
      for (int j = 0; j < A::kShare; ++j) {
        const int query = A::first_query() + j;
        if (query >= queries || static_cast<int32_t>(n_tokens[query]) <= int64_t{split} * kSplitTokens)
          continue;
        const float before = earlier_maximum[query];
        const float now = maximum[query];
        const float largest = before > now ? before : now;
        earlier[j] = earlier[j] * rescaling(before, largest) + values[j] * rescaling(now, largest);
      }
      sync_block();
      for (int at = t; at < queries * kKvGroup; at += kAttentionThreads) {
        const int query = at / kKvGroup;
        if (static_cast<int32_t>(n_tokens[query]) <= int64_t{split} * kSplitTokens) continue;
        const float before = earlier_maximum[query];
        const float now = maximum[query];
        const float largest = before > now ? before : now;
        earlier_total[at] =
            earlier_total[at] * rescaling(before, largest) + total[at] * rescaling(now, largest);
      }
      sync_block();
      if (t<queries&& static_cast<int32_t>(n_tokens[t])> int64_t{split} * kSplitTokens) {
        const float before = earlier_maximum[t];
        const float now = maximum[t];
        earlier_maximum[t] = before > now ? before : now;
      }
      sync_block();
    }

    const bool merged = params.splits == 0 && last_split > 1;
    const int i = A::column();
    QWQ_UNROLL
    for (int j = 0; j < A::kShare; ++j) {
      const int query = A::first_query() + j;
      if (query >= queries) continue;
      const int64_t row = first_row + (begin_query + query) / params.group;
      const int64_t head = row * n_heads + kv_head * params.group + (begin_query + query) % params.group;
      if (params.splits == 0) {
        if (i >= head_dim) continue;
        const float sum = reduce_total((merged ? a.earlier_total : a.total) + query * kKvGroup);
        params.out[head * head_dim + i] = (merged ? earlier[j] : values[j]) * (1.0f / sum);
      } else if (static_cast<int32_t>(n_tokens[query]) > int64_t{first_split} * kSplitTokens) {
        const Global<float> state =
            params.states + (head * params.splits + first_split) * state_floats(head_dim);
        if (i == 0) state[0] = static_cast<float>(maximum[query]);
        if (i < kKvGroup) state[1 + i] = static_cast<float>(total[query * kKvGroup + i]);
        if (i < head_dim) state[1 + kKvGroup + i] = values[j];
      }
    }
  }
}

struct MergeParams {
  Global<const float> states;
  Global<const int32_t> positions;
  int splits;
  int n_heads;
  int head_dim;
  Global<float> out;
};

// Element `at` of a state, of all splits merged in ascending order.
QWQ_DEVICE float merge_element(Global<const float> states, int n_splits, int head_dim, int at) {
  float maximum = states[0];
  float sum = states[1 + at];
  for (int split = 1; split < n_splits; ++split) {
    const Global<const float> state = states + split * state_floats(head_dim);
    const float now = state[0];
    const float largest = maximum > now ? maximum : now;
    sum = sum * rescaling(maximum, largest) + state[1 + at] * rescaling(now, largest);
    maximum = largest;
  }
  return sum;
}

// A block of threads a row and head.
QWQ_KERNEL void QWQ_THREADS(kAttentionThreads) merge_splits_kernel(MergeParams params) {
  QWQ_SHARED(float, total, kKvGroup);
  const int t = thread_index();
  const int64_t row = block_x() / params.n_heads;
  const int n_splits =
      static_cast<int>(ceil_div(static_cast<int32_t>(params.positions[row]) + int64_t{1}, kSplitTokens));
  const Global<const float> states =
      params.states + int64_t{block_x()} * params.splits * state_floats(params.head_dim);
  if (t < kKvGroup) total[t] = merge_element(states, n_splits, params.head_dim, t);
  sync_block();
  const float inverse = 1.0f / reduce_total(total + 0);
  for (int i = t; i < params.head_dim; i += kAttentionThreads) {
    params.out[int64_t{block_x()} * params.head_dim + i] =
        merge_element(states, n_splits, params.head_dim, kKvGroup + i) * inverse;
  }
}

}  // namespace qwq::cuda
