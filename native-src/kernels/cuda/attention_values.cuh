// Values weighed by a chunk of positions.
//
// V comes through shared memory as it lies in the cache, stage by stage, copied asynchronously: while scores
// are computed, the first stages are on their way. A thread takes two columns and up to four queries.
#pragma once

#include "kernels/cuda/attention_shape.cuh"

namespace qwq::cuda {

// The stages of V of one KV head, positions ascending.
template <typename S>
class ValueStream {
 public:
  QWQ_DEVICE_MEMBER ValueStream(Shared<uint32_t> memory, const CacheParams<const uint8_t>& cache,
                                Global<const int32_t> table, int kv_head)
      : memory_(memory), cache_(cache), table_(table), plane_(cache.n_kv_heads + kv_head) {}

  // From position `begin`, a multiple of kStageTokens, to `end`. Nobody reads a stage any more.
  QWQ_DEVICE_MEMBER void start(int begin, int end) {
    next_ = begin;
    end_ = end;
    copied_ = 0;
    QWQ_NO_UNROLL
    for (int stage = 1; stage < S::kStages; ++stage) copy();
  }

  // Has a barrier of the block in it: the stage taken before is given back, another is copied to its place.
  QWQ_DEVICE_MEMBER Shared<const uint8_t> take() {
    wait_for_copies<S::kStages - 2>();
    sync_block();
    copy();
    return cast<const uint8_t>(at(copied_));  // the oldest
  }

 private:
  QWQ_DEVICE_MEMBER Shared<uint32_t> at(int stage) const { return memory_ + stage * (S::kStageBytes / 4); }

  // Threads of the block are divided among the groups. What no token was written to is not read.
  QWQ_DEVICE_MEMBER void copy() {
    constexpr int kThreads = kAttentionThreads / S::kGroupsOfStage;
    constexpr int kMostPieces = S::kStageBytes / S::kGroupsOfStage / 16;
    const int g = thread_index() / kThreads;
    const int begin = next_ + g * kKvGroup;
    const int tokens = end_ - begin < kKvGroup ? end_ - begin : kKvGroup;
    if (tokens > 0) {
      const int level_bytes = cache_.head_dim * (S::kQ8 ? 1 : 2);  // of a token
      const int scale_bytes = S::kQ8 ? cache_.head_dim / kKvScaleRun * 2 : 0;
      const Global<const uint8_t> from = cache_.group(table_, begin, plane_);
      const Shared<uint32_t> to = at(copied_) + g * (kKvGroup / 4) * (level_bytes + scale_bytes);
      QWQ_UNROLL
      for (int k = 0; k < kMostPieces; k += kThreads) {
        const int byte = 16 * (k + thread_index() % kThreads);
        int valid = tokens * level_bytes - byte;
        if (S::kQ8 && byte >= kKvGroup * level_bytes) {
          valid = tokens * scale_bytes - (byte - kKvGroup * level_bytes);
        }
        if (byte < kKvGroup * (level_bytes + scale_bytes) && valid > 0) {
          copy_16_async(to + byte / 4, from + byte, valid < 16 ? valid : 16);
        }
      }
    }
    commit_copies();
    next_ += S::kStageTokens;
    copied_ = copied_ + 1 == S::kStages ? 0 : copied_ + 1;
  }

  Shared<uint32_t> memory_;  // [kStages, kStageBytes]
  const CacheParams<const uint8_t>& cache_;
  Global<const int32_t> table_;
  int plane_;
  int next_;  // position to copy from
  int end_;
  int copied_;  // where the next stage goes
};

// A thread's part of the sums.
template <typename S>
struct Values {
  Shared<const float> p;           // [kQueries, kChunkTokens] weights
  Shared<const float> factor;      // [kTilesOfChunk, kQueries]
  Shared<const int32_t> n_tokens;  // [kQueries] that a query sees, ascending
  int head_dim;

  QWQ_DEVICE_MEMBER static int column() { return thread_index() % S::kColumnThreads * 2; }
  QWQ_DEVICE_MEMBER static int first_query() { return thread_index() / S::kColumnThreads * S::kShare; }

  // sums[j] += p[j][t] * v[t] for the positions t of a stage that query j sees; it begins at position `at` of
  // the chunk, which begins at position `begin`.
  QWQ_DEVICE_MEMBER void add(Shared<const uint8_t> stage, int begin, int at,
                             float (&sums)[S::kShare][2]) const {
    const int first = first_query();
    if (at % kTileTokens == 0) {
      QWQ_UNROLL
      for (int j = 0; j < S::kShare; ++j) {
        const float rescale = factor[at / kTileTokens * S::kQueries + first + j];
        sums[j][0] *= rescale;
        sums[j][1] *= rescale;
      }
    }
    const int seen = static_cast<int32_t>(n_tokens[first]) - begin - at;  // by all of the thread's queries
    const Shared<const float> weights = p + first * S::kChunkTokens + at;
    if (seen >= S::kStageTokens) {
      QWQ_UNROLL
      for (int t = 0; t < S::kStageTokens; t += 4) add_four(stage, t, weights, sums);
      return;
    }
    int t = 0;
    QWQ_NO_UNROLL
    for (; t + 4 <= seen; t += 4) add_four(stage, t, weights, sums);
    const int by_some = static_cast<int32_t>(n_tokens[first + S::kShare - 1]) - begin - at;
    const int end = by_some < S::kStageTokens ? by_some : S::kStageTokens;
    QWQ_NO_UNROLL
    for (; t < end; ++t) {
      float v[2];
      read_pair(stage, t, v);
      QWQ_UNROLL
      for (int j = 0; j < S::kShare; ++j) {
        // What a query does not see must not touch it, be it infinite.
        if (begin + at + t >= static_cast<int32_t>(n_tokens[first + j])) continue;
        const float weight = weights[j * S::kChunkTokens + t];
        sums[j][0] = fma(weight, v[0], sums[j][0]);
        sums[j][1] = fma(weight, v[1], sums[j][1]);
      }
    }
  }

  // To [kQueries, kColumns].
  QWQ_DEVICE_MEMBER void store(const float (&sums)[S::kShare][2], Shared<float> to) const {
    QWQ_UNROLL
    for (int j = 0; j < S::kShare; ++j) {
      write(to + (first_query() + j) * S::kColumns + column(), Float2{{sums[j][0], sums[j][1]}});
    }
  }

 private:
  // Positions t .. t + 3 of a stage.
  QWQ_DEVICE_MEMBER void add_four(Shared<const uint8_t> stage, int t, Shared<const float> weights,
                                  float (&sums)[S::kShare][2]) const {
    float v[4][2];
    QWQ_UNROLL
    for (int l = 0; l < 4; ++l) read_pair(stage, t + l, v[l]);
    QWQ_UNROLL
    for (int j = 0; j < S::kShare; ++j) {
      const Float4 four = read<Float4>(weights + j * S::kChunkTokens + t);
      QWQ_UNROLL
      for (int l = 0; l < 4; ++l) {
        sums[j][0] = fma(four.v[l], v[l][0], sums[j][0]);
        sums[j][1] = fma(four.v[l], v[l][1], sums[j][1]);
      }
    }
  }

  QWQ_DEVICE_MEMBER void read_pair(Shared<const uint8_t> stage, int t, float (&v)[2]) const {
    const int i = column();
    if constexpr (S::kQ8) {
      const int runs = head_dim / kKvScaleRun;
      const int slot = t % kKvGroup;
      const Shared<const uint8_t> group = stage + t / kKvGroup * (kKvGroup * (head_dim + 2 * runs));
      const uint32_t levels = read<uint16_t>(group + slot * head_dim + i);
      const float scale =
          half_to_float(read<uint16_t>(group + kKvGroup * head_dim + 2 * (slot * runs + i / kKvScaleRun)));
      v[0] = level_of(levels, 0) * scale;
      v[1] = level_of(levels, 1) * scale;
    } else {
      const uint32_t halves = read<uint32_t>(stage + 2 * (t * head_dim + i));
      v[0] = half_of(halves, 0);
      v[1] = half_of(halves, 1);
    }
  }
};

}  // namespace qwq::cuda
