// States of splits that blocks of their own computed, merged in ascending order.
#pragma once

#include "kernels/cuda/attention_softmax.cuh"

namespace qwq::cuda {

struct MergeParams {
  Global<const float> states;  // [rows, n_heads, splits, state_floats]
  Global<const int32_t> positions;
  int splits;
  int n_heads;
  int head_dim;
  Global<float> out;
};

// A block of threads a row and head. A lane of the first warp finds what a split's sums, and those before it,
// are multiplied by; then a thread an element goes through the splits.
QWQ_KERNEL void QWQ_THREADS(kAttentionThreads) merge_splits_kernel(MergeParams params) {
  constexpr int kAhead = 8;
  constexpr int kElements = (kKvGroup + kMostHeadDim + kAttentionThreads - 1) / kAttentionThreads;
  QWQ_SHARED(float, before, kWarp);  // of 32 splits
  QWQ_SHARED(float, now, kWarp);
  QWQ_SHARED(float, total, kKvGroup);
  wait_for_earlier_launches();
  const int t = thread_index();
  const int n_elements = kKvGroup + params.head_dim;
  const int64_t row = block_x() / params.n_heads;
  const int n_splits =
      static_cast<int>(ceil_div(static_cast<int32_t>(params.positions[row]) + int64_t{1}, kSplitTokens));
  const int stride = state_floats(params.head_dim);
  const Global<const float> states = params.states + int64_t{block_x()} * params.splits * stride;

  float largest = kNoScore;
  float sums[kElements];
  for (int first = 0; first < n_splits; first += kWarp) {
    const int end = n_splits - first < kWarp ? n_splits - first : kWarp;
    if (first > 0) sync_block();
    if (t < kWarp) {
      // The largest maximum up to this split, and to the one before it.
      float most = t < end ? static_cast<float>(states[int64_t{first + t} * stride]) : kNoScore;
      const float own = most;
      most = most > largest ? most : largest;
      QWQ_UNROLL
      for (int width = 1; width < kWarp; width *= 2) {
        const float other = shuffle(kAllLanes, most, t < width ? t : t - width);
        most = other > most ? other : most;
      }
      const float earlier = shuffle(kAllLanes, most, t == 0 ? 0 : t - 1);
      before[t] = rescaling(t == 0 ? largest : earlier, most);
      now[t] = rescaling(own, most);
      largest = shuffle(kAllLanes, most, kWarp - 1);
    }
    sync_block();
    QWQ_UNROLL
    for (int e = 0; e < kElements; ++e) {
      const int at = t + e * kAttentionThreads;
      if (at >= n_elements) continue;
      const Global<const float> element = states + int64_t{first} * stride + 1 + at;
      for (int split = 0; split < end; split += kAhead) {
        float x[kAhead];
        QWQ_UNROLL
        for (int i = 0; i < kAhead; ++i) {
          x[i] = split + i < end ? static_cast<float>(element[int64_t{split + i} * stride]) : 0.0f;
        }
        QWQ_UNROLL
        for (int i = 0; i < kAhead; ++i) {
          if (split + i >= end) continue;
          const bool is_first = first + split + i == 0;
          const float rescaled = is_first ? 0.0f : sums[e] * before[split + i];
          sums[e] = is_first ? x[i] : rescaled + x[i] * now[split + i];
        }
      }
    }
  }

  if (t < kKvGroup) total[t] = sums[0];
  sync_block();
  const float inverse = 1.0f / reduce_total(total + 0);
  QWQ_UNROLL
  for (int e = 0; e < kElements; ++e) {
    const int at = t + e * kAttentionThreads;
    if (at < kKvGroup || at >= n_elements) continue;
    params.out[int64_t{block_x()} * params.head_dim + at - kKvGroup] = sums[e] * inverse;
  }
}

}  // namespace qwq::cuda
