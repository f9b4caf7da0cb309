// Candidates thinned out at once, by all of the device: bins of an eighth of a score tell which ones can be
// among those that top-k and top-p keep, a few more than that, and these go onto a list.
#pragma once

#include "kernels/cuda/sampling_edits.cuh"

namespace qwq::cuda {

// A row has two orders: of scores, to draw from, and of raw logits, for the top log-probabilities.
inline constexpr int kRankings = 2;
enum Ranking { kOfScores = 0, kOfLogits = 1 };

// As many as threads of a block.
inline constexpr int kBins = kSampleThreads;
// Ids that a list holds. If there are more, all ids are gone through instead.
inline constexpr int kListed = 4096;

// Bin 0 has the likeliest. Larger scores never have larger bins.
QWQ_DEVICE int bin_of(float score) {
  const float eighths = score * -8.0f;
  return eighths < kBins - 1 ? static_cast<int>(eighths) : kBins - 1;
}

// Counts a candidate and its weight; -1: none. All threads of a warp come along. Where they meet in one bin,
// as equal logits do, it is one addition instead of 32 that wait for each other.
QWQ_DEVICE void tally(int bin, Weight weight, Shared<uint32_t> counts, Shared<Weight> weights) {
  const uint32_t lanes = ballot(kAllLanes, bin >= 0);
  if (lanes == 0) return;
  const int first = lowest_bit(lanes);
  const int first_bin = shuffle(kAllLanes, bin, first);
  if (all(kAllLanes, bin < 0 || bin == first_bin)) {
    weight = bin < 0 ? 0 : weight;
    QWQ_UNROLL
    for (int width = kWarp / 2; width > 0; width /= 2) weight += shuffle_xor(kAllLanes, weight, width);
    if (lane_index() == first) {
      atomic_add(counts + bin, static_cast<uint32_t>(count_bits(lanes)));
      if (weight != 0) atomic_add(weights + bin, weight);
    }
  } else if (bin >= 0) {
    atomic_add(counts + bin, 1u);
    if (weight != 0) atomic_add(weights + bin, weight);
  }
}

// Whether a row has something to rank. All threads of a block agree.
QWQ_DEVICE bool is_ranked(const SampleRow& row, int ranking) {
  return (row.wants & kWantsSample) != 0 && (ranking == kOfScores || row.n_top > 0);
}

// Whether the bins must be weighed to tell what top-p keeps: after top-k, it keeps some of few.
QWQ_DEVICE bool is_weighed(const SampleRow& row, int ranking) {
  return ranking == kOfScores && row.top_k == 0 && row.top_p != 0;
}

// Empties what the kernels after it count in. A block of threads a row and ranking.
QWQ_KERNEL void QWQ_THREADS(kSampleThreads)
    empty_bins_kernel(Global<uint32_t> counts, Global<Weight> weights, Global<uint32_t> n_listed) {
  const int64_t i = block_x();
  counts[i * kBins + thread_index()] = 0;
  weights[i * kBins + thread_index()] = 0;
  if (thread_index() == 0) n_listed[i] = 0;
}

// Makes scores of edited logits, -inf for what is no candidate, and counts candidates by bins.
QWQ_KERNEL void QWQ_THREADS(kSampleThreads)
    count_bins_kernel(Global<const SampleRow> rows, Global<const float> logits, Global<float> scores,
                      int64_t vocab_size, int64_t n_token_ids, Global<const float> raw_max,
                      Global<const float> edited_max, Global<uint32_t> counts, Global<Weight> weights) {
  QWQ_SHARED(uint32_t, block_counts, kBins);
  QWQ_SHARED(Weight, block_weights, kBins);
  const SampleRow row = rows[block_y()];
  const int ranking = block_z();
  if (!is_ranked(row, ranking)) return;
  const int64_t partial = int64_t{block_y()} * grid_x();
  const float largest_logit = max_of_slices(raw_max + partial, grid_x());
  if (largest_logit == kInfinity) return;
  float max = largest_logit;
  if (ranking == kOfScores) max = max_of_slices(edited_max + partial, grid_x());
  if (max == -kInfinity) return;

  const int t = thread_index();
  block_counts[t] = 0;
  block_weights[t] = 0;
  sync_block();
  logits += int64_t{block_y()} * vocab_size;
  scores += int64_t{block_y()} * vocab_size;
  const bool weighed = is_weighed(row, ranking);
  const Slice ids = slice_of(n_token_ids);
  for (int64_t id = ids.first; id - t < ids.end; id += kSampleThreads) {
    float score = -kInfinity;
    if (id < ids.end) {
      if (ranking == kOfLogits) {
        score = logits[id] - max;
      } else {
        score = (scores[id] - max) / row.temperature;
        if (!(score >= row.least_score)) score = -kInfinity;
        scores[id] = score;
      }
    }
    const bool counts_here = id < ids.end && (ranking == kOfLogits || score > -kInfinity);
    tally(counts_here ? bin_of(score) : -1, weighed ? score_weight(score) : 0, block_counts, block_weights);
  }
  sync_block();
  const int64_t bin = (int64_t{block_y()} * kRankings + ranking) * kBins + t;
  if (block_counts[t] != 0) atomic_add(counts + bin, static_cast<uint32_t>(block_counts[t]));
  if (block_weights[t] != 0) atomic_add(weights + bin, static_cast<Weight>(block_weights[t]));
}

// Up to where candidates can be kept.
struct Bound {
  int bin;         // the last that has such
  uint32_t count;  // of candidates up to there
  Weight need;     // is_weighed: the least sum of weights that top-p keeps
};

// `counts` and `weights` are those of the row and ranking. At most once in a kernel.
QWQ_DEVICE Bound bound_of(const SampleRow& row, int ranking, Global<const uint32_t> counts,
                          Global<const Weight> weights) {
  QWQ_SHARED(int, last, 1);
  QWQ_SHARED(uint32_t, count_there, 1);
  const int t = thread_index();
  const uint32_t count = counts[t];
  const bool weighed = is_weighed(row, ranking);
  const Weight measure = weighed ? static_cast<Weight>(weights[t]) : count;
  const Weight total = sum_block<kSampleThreads>(measure);
  const Weight up_to = running_sum_block<kSampleThreads>(measure);
  const uint32_t count_up_to = running_sum_block<kSampleThreads>(count);
  const int k = ranking == kOfScores ? row.top_k : row.n_top;
  Weight need = weighed ? share_above(total, row.top_p) : static_cast<Weight>(k);
  if (need == 0 || need > total) need = total;  // everything
  if (up_to >= need && up_to - measure < need) {
    last[0] = t;
    count_there[0] = count_up_to;
  }
  sync_block();
  return {last[0], count_there[0], need};
}

// Lists the ids up to the bound, in any order, if they are not too many.
QWQ_KERNEL void QWQ_THREADS(kSampleThreads)
    list_kernel(Global<const SampleRow> rows, Global<const float> logits, Global<const float> scores,
                int64_t vocab_size, int64_t n_token_ids, Global<const float> raw_max,
                Global<const float> edited_max, Global<const uint32_t> counts, Global<const Weight> weights,
                Global<uint32_t> n_listed, Global<int32_t> lists) {
  const SampleRow row = rows[block_y()];
  const int ranking = block_z();
  if (!is_ranked(row, ranking)) return;
  const int64_t partial = int64_t{block_y()} * grid_x();
  const float largest_logit = max_of_slices(raw_max + partial, grid_x());
  if (largest_logit == kInfinity) return;
  if (ranking == kOfScores && max_of_slices(edited_max + partial, grid_x()) == -kInfinity) return;

  const int64_t ranked = int64_t{block_y()} * kRankings + ranking;
  const Bound bound = bound_of(row, ranking, counts + ranked * kBins, weights + ranked * kBins);
  if (bound.count > kListed) return;
  const Global<const float> values =
      (ranking == kOfLogits ? logits : scores) + int64_t{block_y()} * vocab_size;
  const float max = ranking == kOfLogits ? largest_logit : 0.0f;
  const Slice ids = slice_of(n_token_ids);
  for (int64_t id = ids.first; id < ids.end; id += kSampleThreads) {
    const float value = values[id];
    if (value > -kInfinity && bin_of(value - max) <= bound.bin) {
      lists[ranked * kListed + atomic_add(n_listed + ranked, 1u)] = static_cast<int32_t>(id);
    }
  }
}

}  // namespace qwq::cuda
