// What changes logits before a token is chosen (runtime/logit_edits.h), and what must be known of a row
// first.
#pragma once

#include "kernels/cuda/block_sum.cuh"
#include "kernels/cuda/sampling.h"
#include "kernels/sampling_math.h"

namespace qwq::cuda {

inline constexpr int kSampleThreads = 256;
// Ids that a block of threads takes.
inline constexpr int kSlice = 2048;

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A row's ids from this slice on: first, first + kSampleThreads, ... < end.
struct Slice {
  int64_t first;
  int64_t end;
};

QWQ_DEVICE Slice slice_of(int64_t n_ids) {
  const int64_t begin = int64_t{block_x()} * kSlice;
  const int64_t end = begin + kSlice;
  return {begin + thread_index(), end < n_ids ? end : n_ids};
}

// The largest of what the slices found.
QWQ_DEVICE float max_of_slices(Global<const float> maxima, int n_slices) {
  float max = -kInfinity;
  for (int i = thread_index(); i < n_slices; i += kSampleThreads) {
    const float value = maxima[i];
    max = value > max ? value : max;
  }
  return max_block<kSampleThreads>(max);
}

// Copies a row with what mask and padding forbid left out, and finds the largest of the raw logits: +inf
// where one is not finite. A forbidden logit stays so, whatever is added to it: the mask may come first.
QWQ_KERNEL void QWQ_THREADS(kSampleThreads)
    copy_allowed_kernel(Global<const SampleRow> rows, Global<const uint32_t> words,
                        Global<const float> logits, int64_t vocab_size, int64_t n_token_ids,
                        Global<float> edited, Global<float> raw_max) {
  const SampleRow row = rows[block_y()];
  if ((row.wants & kRowInUse) == 0) return;
  logits += int64_t{block_y()} * vocab_size;
  edited += int64_t{block_y()} * vocab_size;
  const Global<const uint32_t> mask =
      words + static_cast<int64_t>(row.first_word) + 2 * (int64_t{row.n_bias} + row.n_seen);
  const Slice ids = slice_of(vocab_size);
  float max = -kInfinity;
  for (int64_t id = ids.first; id < ids.end; id += kSampleThreads) {
    const float logit = logits[id];
    const bool finite = logit - logit == 0.0f;
    max = !finite ? kInfinity : logit > max ? logit : max;
    if ((row.wants & kWantsSample) == 0) continue;
    const bool allowed = id < n_token_ids && (row.has_mask == 0 || (mask[id / 32] >> (id % 32) & 1u) != 0);
    edited[id] = allowed ? logit : -kInfinity;
  }
  max = max_block<kSampleThreads>(max);
  if (thread_index() == 0) raw_max[int64_t{block_y()} * grid_x() + block_x()] = max;
}

// Bias and penalties. A block of threads a row: a token may have both.
QWQ_KERNEL void QWQ_THREADS(kSampleThreads)
    edit_kernel(Global<const SampleRow> rows, Global<const uint32_t> words, int64_t vocab_size,
                Global<float> edited) {
  const SampleRow row = rows[block_x()];
  if ((row.wants & kWantsSample) == 0) return;
  edited += int64_t{block_x()} * vocab_size;
  const Global<const uint32_t> bias = words + static_cast<int64_t>(row.first_word);
  const Global<const uint32_t> seen = bias + 2 * int64_t{row.n_bias};
  for (int64_t i = thread_index(); i < row.n_bias; i += kSampleThreads) {
    const int64_t id = bias[2 * i];
    edited[id] = biased_logit(edited[id], bits_float(bias[2 * i + 1]));
  }
  sync_block();
  const Penalties penalties = {row.repetition, row.frequency, row.presence};
  for (int64_t i = thread_index(); i < row.n_seen; i += kSampleThreads) {
    const int64_t id = seen[2 * i];
    const int32_t count = static_cast<int32_t>(static_cast<uint32_t>(seen[2 * i + 1]));
    edited[id] = penalised_logit(edited[id], penalties, count);
  }
}

// Sums the weights of the raw logits, and finds the largest of the edited ones.
QWQ_KERNEL void QWQ_THREADS(kSampleThreads)
    sum_weights_kernel(Global<const SampleRow> rows, Global<const float> logits, Global<const float> edited,
                       int64_t vocab_size, Global<const float> raw_max, Global<Weight> raw_sum,
                       Global<float> edited_max) {
  const SampleRow row = rows[block_y()];
  if ((row.wants & (kWantsSample | kWantsTarget)) == 0) return;
  const int64_t partial = int64_t{block_y()} * grid_x();
  const float max = max_of_slices(raw_max + partial, grid_x());
  if (max == kInfinity) return;
  logits += int64_t{block_y()} * vocab_size;
  edited += int64_t{block_y()} * vocab_size;
  const Slice ids = slice_of(vocab_size);
  Weight sum = 0;
  float largest = -kInfinity;
  for (int64_t id = ids.first; id < ids.end; id += kSampleThreads) {
    sum += score_weight(logits[id] - max);
    if ((row.wants & kWantsSample) == 0) continue;
    const float logit = edited[id];
    largest = logit > largest ? logit : largest;
  }
  sum = sum_block<kSampleThreads>(sum);
  largest = max_block<kSampleThreads>(largest);
  if (thread_index() == 0) {
    raw_sum[partial + block_x()] = sum;
    edited_max[partial + block_x()] = largest;
  }
}

}  // namespace qwq::cuda
