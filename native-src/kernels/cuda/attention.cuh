// Attention over the paged cache by the recipe of kernels/cpu/attention/floats.h, to the bit: positions in
// splits of 1,024 and tiles of 64, one fused chain over the head for a score and over the positions of a
// split for a value, online softmax tile by tile, splits merged in ascending order.
//
// A block of threads takes a run of rows of one sequence, and a KV head or a part of its queries, 2, 8 or 16
// at once. It goes through the positions in chunks: scores (attention_score.cuh), weights
// (attention_softmax.cuh), values (attention_values.cuh).
#pragma once

#include "kernels/cuda/attention_score.cuh"
#include "kernels/cuda/attention_softmax.cuh"
#include "kernels/cuda/attention_values.cuh"

namespace qwq::cuda {

struct AttentionParams {
  Global<const float> q;  // [n_rows, n_heads, head_dim], row stride q_stride
  int64_t q_stride;
  RowParams rows;
  Global<const int32_t> run_first;  // [n_runs + 1] first rows of runs
  CacheParams<const uint8_t> cache;
  int group;  // query heads of a KV head
  float scale;
  int parts;             // blocks of threads that a KV head's queries are divided among, in turn
  int splits;            // 0: a block of threads takes all splits of its rows; else block_z is the split
  Global<float> out;     // [n_rows, n_heads, head_dim], if splits == 0
  Global<float> states;  // [n_rows, n_heads, splits, state_floats], else

  QWQ_DEVICE_MEMBER Global<float> state(int64_t head, int split) const {
    return states + (head * splits + split) * state_floats(cache.head_dim);
  }
};

// The splits before the one at hand, of the queries of a block of threads; values are where results will be.
template <typename S>
struct EarlierSplits {
  Shared<float> maximum;  // [kQueries]
  Shared<float> total;    // [kQueries, kKvGroup]

  // Takes maximum and totals of the first split.
  QWQ_DEVICE_MEMBER void begin(const Softmax<S>& split, int queries) const {
    const int t = thread_index();
    if (t < queries * kKvGroup) total[t] = static_cast<float>(split.total[t]);
    if (t < queries) maximum[t] = static_cast<float>(split.maximum[t]);
  }

  // What the values up to now, and those of a split, are multiplied by before they are added.
  QWQ_DEVICE_MEMBER Float2 factors(const Softmax<S>& split, int query) const {
    const float before = maximum[query];
    const float now = split.maximum[query];
    const float largest = before > now ? before : now;
    return {rescaling(before, largest), rescaling(now, largest)};
  }

  // Takes those of a split that begins at position `begin`; who sees nothing of it stays as it is. Has a
  // barrier in it: factors are the old ones before.
  QWQ_DEVICE_MEMBER void merge(const Softmax<S>& split, int begin, int queries) const {
    const int t = thread_index();
    if (t < queries * kKvGroup && split.n_tokens[t / kKvGroup] > begin) {
      const Float2 by = factors(split, t / kKvGroup);
      total[t] = total[t] * by.v[0] + split.total[t] * by.v[1];
    }
    sync_block();
    if (t < queries && split.n_tokens[t] > begin) {
      const float before = maximum[t];
      const float now = split.maximum[t];
      maximum[t] = before > now ? before : now;
    }
  }
};

template <int kQueries, int kColumns, bool kQ8>
QWQ_KERNEL void QWQ_THREADS(kAttentionThreads, 2) attention_kernel(AttentionParams params) {
  using S = AttentionShape<kQueries, kColumns, kQ8>;
  QWQ_SHARED(float, q, kColumns* kQueries);
  QWQ_SHARED(float, p, kQueries* S::kChunkTokens);
  QWQ_SHARED(uint32_t, stages, S::kStages * S::kStageBytes / 4);
  QWQ_SHARED(float, tile_maximum, kQueries* S::kTilesOfChunk);
  QWQ_SHARED(float, factor, S::kTilesOfChunk* kQueries);
  QWQ_SHARED(float, maximum, kQueries);
  QWQ_SHARED(float, total, kQueries* kKvGroup);
  QWQ_SHARED(float, earlier_maximum, kQueries);
  QWQ_SHARED(float, earlier_total, kQueries* kKvGroup);
  QWQ_SHARED(int32_t, n_tokens, kQueries);
  QWQ_SHARED(int32_t, rows, kQueries);
  QWQ_SHARED(int32_t, heads, kQueries);
  static_assert(kQueries * kKvGroup <= kAttentionThreads);
  wait_for_earlier_launches();
  const CacheParams<const uint8_t>& cache = params.cache;
  const int head_dim = cache.head_dim;
  const int64_t n_heads = int64_t{cache.n_kv_heads} * params.group;
  const int t = thread_index();
  const int column = t % kColumns;  // of queries and results
  const int kv_head = block_y() / params.parts;
  const int begin_of_table = params.rows.table_of[static_cast<int32_t>(params.run_first[block_x()])];
  const Global<const int32_t> table = params.rows.tables + begin_of_table;
  const Scores<S> scores = {q, p};
  const Softmax<S> softmax = {p, tile_maximum, factor, maximum, total, n_tokens};
  const Values<S> values = {p, factor, n_tokens, head_dim};
  const EarlierSplits<S> earlier = {earlier_maximum, earlier_total};
  ValueStream<S> stream(stages, cache, table, kv_head);

  for (int begin_query = block_y() % params.parts * kQueries;; begin_query += params.parts * kQueries) {
    // Query j of these is head (begin_query + j) mod group of row (begin_query + j) / group.
    const Global<const int32_t> run = params.run_first + here(block_x());
    const int group = here(params.group);
    const int first_row = run[0];
    const int rest = (static_cast<int32_t>(run[1]) - first_row) * group - begin_query;
    if (rest <= 0) break;
    const int queries = rest < kQueries ? rest : kQueries;
    const int last_row = first_row + (begin_query + queries - 1) / group;
    const int most_tokens = static_cast<int32_t>(params.rows.positions[last_row]) + 1;  // rows ascend
    const int n_splits = static_cast<int>(ceil_div(most_tokens, kSplitTokens));
    const int first_split = params.splits == 0 ? 0 : block_z();
    const int last_split = params.splits == 0       ? n_splits
                           : first_split < n_splits ? first_split + 1
                                                    : n_splits;
    if (first_split >= last_split) continue;
    const int end_of_splits = last_split < n_splits ? last_split * kSplitTokens : most_tokens;
    sync_block();
    if (t < kQueries) {
      rows[t] = first_row + (begin_query + t) / group;
      heads[t] = kv_head * group + (begin_query + t) % group;
    }
    sync_block();
    stream.start(first_split * kSplitTokens, end_of_splits);
    // Those that are none see what the last one does, with q = 0, and nobody looks at them.
    if (t < kQueries) {
      n_tokens[t] = t < queries ? params.rows.positions[static_cast<int32_t>(rows[t])] + 1 : most_tokens;
    }
    if (column < head_dim) {
      QWQ_UNROLL
      for (int j = t / kColumns; j < kQueries; j += kAttentionThreads / kColumns) {
        float element = 0.0f;
        if (j < queries) {
          const int64_t at = rows[j] * params.q_stride + heads[j] * head_dim + column;
          element = params.q[at] * params.scale;
        }
        q[column * kQueries + j] = element;
      }
    }
    const int whole_shares = (queries + S::kShare - 1) / S::kShare * S::kShare;
    const bool weighs = values.first_query() < queries && values.column() < head_dim;
    float sums[S::kShare][2];
    for (int split = first_split; split < last_split; ++split) {
      if (t < kQueries * kKvGroup) total[t] = 0.0f;
      if (t < kQueries) maximum[t] = kNoScore;
      QWQ_UNROLL
      for (int j = 0; j < S::kShare; ++j) sums[j][0] = sums[j][1] = 0.0f;
      sync_block();
      const int begin_of_split = split * kSplitTokens;
      const int end = split + 1 < n_splits ? begin_of_split + kSplitTokens : most_tokens;
      for (int begin = begin_of_split; begin < end; begin += S::kChunkTokens) {
        const int n = end - begin < S::kChunkTokens ? end - begin : S::kChunkTokens;
        scores.compute(cache, table, kv_head, begin, n, queries);
        sync_block();
        softmax.find_maxima(begin, whole_shares);
        sync_block();
        softmax.weigh(begin, whole_shares);
        sync_block();
        softmax.add_totals(begin, queries);
        for (int at = 0; at < n; at += S::kStageTokens) {
          const Shared<const uint8_t> stage = stream.take();
          if (weighs) values.add(stage, begin, at, sums);
        }
        sync_block();
      }
      // Scores and weights are done with.
      if (weighs) values.store(sums, p);
      sync_block();
      const bool states = params.splits != 0;
      const bool whole = !states && last_split == 1;
      QWQ_NO_UNROLL
      for (int query = t / kColumns; query < queries; query += kAttentionThreads / kColumns) {
        if (column >= head_dim || n_tokens[query] <= begin_of_split) continue;
        const int64_t head = rows[query] * n_heads + heads[query];
        const float value = p[query * kColumns + column];
        if (states) {
          params.state(head, split)[1 + kKvGroup + column] = value;
        } else {
          const Global<float> out = params.out + (head * head_dim + column);
          if (whole) {
            out[0] = value * (1.0f / reduce_total(total + query * kKvGroup));
          } else if (split == 0) {
            out[0] = value;
          } else {
            const Float2 by = earlier.factors(softmax, query);
            out[0] = out[0] * by.v[0] + value * by.v[1];
          }
        }
      }
      if (states) {
        const int query = t / kKvGroup;
        if (query >= queries || n_tokens[query] <= begin_of_split) continue;
        const Global<float> state = params.state(rows[query] * n_heads + heads[query], split);
        if (t % kKvGroup == 0) state[0] = static_cast<float>(maximum[query]);
        state[1 + t % kKvGroup] = static_cast<float>(total[t]);
      } else if (!whole) {
        split == 0 ? earlier.begin(softmax, queries) : earlier.merge(softmax, begin_of_split, queries);
        sync_block();
      }
    }
    if (params.splits != 0 || last_split == 1) continue;
    QWQ_NO_UNROLL
    for (int query = t / kColumns; query < queries; query += kAttentionThreads / kColumns) {
      if (column >= head_dim) break;
      const int64_t head = rows[query] * n_heads + heads[query];
      params.out[head * head_dim + column] *= 1.0f / reduce_total(earlier_total + query * kKvGroup);
    }
  }
}

}  // namespace qwq::cuda
