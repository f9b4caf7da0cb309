// Scores of a chunk of positions.
//
// A thread takes four positions that lie side by side in the cache and up to four queries: an element of the
// keys is one load, that of the queries another, from shared memory. Keys come in the order they are
// multiplied in, kAhead elements later: all the loads a thread has on its way at once.
#pragma once

#include <type_traits>

#include "kernels/cuda/attention_shape.cuh"

namespace qwq::cuda {

template <typename S>
struct Scores {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
  // ptxas needs more registers there.
  static constexpr int kAhead = S::kQ8 && S::kQueries == 16 ? 16 : 8;
#else
  static constexpr int kAhead = S::kColumns > 128  ? 8
                                : S::kQueries == 2 ? 32
                                : S::kQueries == 8 ? (S::kQ8 ? 16 : 16)
                                                   : 16;
#endif
  static constexpr int kTogether = 8;  // loads that may be moved past each other's use
  static_assert(kKvScaleRun % kAhead == 0);
  // Element i of four keys: f16, or levels.
  using Keys = std::conditional_t<S::kQ8, uint32_t, Words2>;

  Shared<const float> q;  // [kColumns, kQueries], scaled
  Shared<float> p;        // [kQueries, kChunkTokens]

  // p[j][t] = q[j] . k of position begin + t, for the first n positions of a chunk and at least `queries`.
  QWQ_DEVICE_MEMBER void compute(const CacheParams<const uint8_t>& cache, Global<const int32_t> table,
                                 int kv_head, int begin, int n, int queries) const {
    const int thread = thread_index();
    const int first = thread / S::kKeyThreads * S::kScoreQueries;
    const int t = thread % S::kKeyThreads * S::kKeys;
    const uint32_t mask = ballot(kAllLanes, t < n);
    if (first >= queries || t >= n) return;
    const int lane = (begin + t) % kKvGroup;
    const Global<const uint8_t> group = cache.group(table, begin + t, kv_head);
    Source source = {group + kElementBytes * lane, group + kKvGroup * cache.head_dim + 2 * lane, q + first,
                     n - t < S::kKeys ? n - t : S::kKeys};
    float sums[S::kScoreQueries][S::kKeys] = {};
    const int rounds = cache.head_dim / kAhead;
    if (rounds > 0) {
      Keys ahead[kAhead];
      QWQ_UNROLL
      for (int l = 0; l < kAhead; ++l) ahead[l] = source.keys_at(l);
      Words2 scales = source.scales_at(0);
      QWQ_NO_UNROLL
      for (int round = 1; round < rounds; ++round) add_round<true>(mask, source, ahead, scales, sums);
      add_round<false>(mask, source, ahead, scales, sums);
    }
    if constexpr (!S::kQ8) {
      QWQ_NO_UNROLL
      for (int i = rounds * kAhead; i < cache.head_dim; ++i) {
        add(source.keys_at(0), {}, source.q, sums);
        source.advance(1);
      }
    }
    QWQ_UNROLL
    for (int j = 0; j < S::kScoreQueries; ++j) {
      Float4 four;
      QWQ_UNROLL
      for (int l = 0; l < S::kKeys; ++l) four.v[l] = sums[j][l];
      write(p + (first + j) * S::kChunkTokens + t, four);
    }
  }

 private:
  using Queries = std::conditional_t<S::kScoreQueries == 4, Float4, Float2>;
  static constexpr int kElementBytes = S::kQ8 ? 1 : 2;

  // What comes next. Of four positions fewer may exist; what comes of the others is not looked at.
  struct Source {
    Global<const uint8_t> keys;
    Global<const uint8_t> scales;
    Shared<const float> q;
    int exist;
    int i = 0;

    QWQ_DEVICE_MEMBER Keys keys_at(int l) const {
      return read_first<Keys>(keys + kElementBytes * kKvGroup * l, kElementBytes * exist);
    }
    QWQ_DEVICE_MEMBER Words2 scales_at(int l) const {
      if constexpr (!S::kQ8) return {};
      return read_first<Words2>(scales + 2 * kKvGroup * ((i + l) / kKvScaleRun), 2 * exist);
    }
    QWQ_DEVICE_MEMBER void advance(int elements) {
      keys += kElementBytes * kKvGroup * elements;
      i += elements;
      q += S::kQueries * elements;
    }
  };

  // The next kAhead elements; those after them take their place.
  template <bool kMore>
  QWQ_DEVICE_MEMBER void add_round(uint32_t mask, Source& source, Keys (&ahead)[kAhead], Words2& scales,
                                   float (&sums)[S::kScoreQueries][S::kKeys]) const {
    const Words2 now = scales;
    if constexpr (kMore) scales = source.scales_at(kAhead);
    QWQ_UNROLL
    for (int l = 0; l < kAhead; ++l) {
      add(ahead[l], now, source.q + l * S::kQueries, sums);
      if constexpr (kMore) ahead[l] = source.keys_at(kAhead + l);
      // Or all the loads end up here, one after the other.
      if (l % kTogether == kTogether - 1) sync_warp(mask);
    }
    source.advance(kAhead);
  }

  QWQ_DEVICE_MEMBER static void add(const Keys& keys, const Words2& scales, Shared<const float> q,
                                    float (&sums)[S::kScoreQueries][S::kKeys]) {
    const Queries queries = read<Queries>(q);
    float k[S::kKeys];
    QWQ_UNROLL
    for (int l = 0; l < S::kKeys; ++l) {
      if constexpr (S::kQ8) {
        k[l] = level_of(keys, l) * half_of(scales.w[l / 2], l % 2);
      } else {
        k[l] = half_of(keys.w[l / 2], l % 2);
      }
    }
    QWQ_UNROLL
    for (int j = 0; j < S::kScoreQueries; ++j) {
      QWQ_UNROLL
      for (int l = 0; l < S::kKeys; ++l) sums[j][l] = fma(queries.v[j], k[l], sums[j][l]);
    }
  }
};

}  // namespace qwq::cuda
