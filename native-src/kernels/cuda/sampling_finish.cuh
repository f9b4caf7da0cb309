// The last kernel of sampling: filters exactly, draws, and writes the answers.
#pragma once

#include "kernels/cuda/sampling_select.cuh"

namespace qwq::cuda {

// Words of a SampleResult.
inline constexpr int kResultWords = sizeof(SampleResult) / 4;
inline constexpr int kWordProblem = offsetof(SampleResult, problem) / 4;
inline constexpr int kWordToken = offsetof(SampleResult, token) / 4;
inline constexpr int kWordLogprob = offsetof(SampleResult, logprob) / 4;
inline constexpr int kWordTargetLogprob = offsetof(SampleResult, target_logprob) / 4;
inline constexpr int kWordTop = offsetof(SampleResult, n_top) / 4;
inline constexpr int kWordTopTokens = offsetof(SampleResult, top_tokens) / 4;
inline constexpr int kWordTopLogprobs = offsetof(SampleResult, top_logprobs) / 4;

// A row's partial results, of n_slices slices.
struct RowSums {
  Global<const float> raw_max;
  Global<const Weight> raw_sum;
  Global<const float> edited_max;
  int n_slices;

  QWQ_DEVICE_MEMBER double log_sum_exp(float max) const {
    Weight sum = 0;
    for (int i = thread_index(); i < n_slices; i += kSampleThreads) sum += raw_sum[i];
    return qwq::log_sum_exp(max, sum_block<kSampleThreads>(sum));
  }
};

QWQ_DEVICE int32_t draw_token(const SampleRow& row, const RankedIds& ids, const Bound& bound,
                              const Places& places) {
  const auto weight = [](uint64_t key) { return score_weight(value_of(key)); };
  uint64_t least = 1;
  if (row.top_k > 0) {
    least = least_key(
        ids, least, places, [](uint64_t) { return Weight{1}; }, static_cast<Weight>(row.top_k));
  }
  if (row.top_p != 0) {
    const Weight need = row.top_k == 0 ? bound.need : share_above(weight_of_all(ids, least), row.top_p);
    least = least_key(ids, least, places, weight, need);
  }
  return draw(ids, least, places, share_below(weight_of_all(ids, least), row.random));
}

// The likeliest tokens, in order.
QWQ_DEVICE void write_top(const SampleRow& row, const RankedIds& ids, const Places& places,
                          double log_sum_exp, Global<int32_t> result) {
  QWQ_SHARED(uint64_t, top, QWQ_MAX_TOP_LOGPROBS);
  QWQ_SHARED(int32_t, n_found, 1);
  const uint64_t least = least_key(
      ids, 1, places, [](uint64_t) { return Weight{1}; }, static_cast<Weight>(row.n_top));
  const int t = thread_index();
  if (t == 0) n_found[0] = 0;
  sync_block();
  each_candidate(ids, least, [&](uint64_t key) {
    if (key != 0) top[atomic_add(n_found, 1)] = key;
  });
  sync_block();
  if (t >= row.n_top) return;
  const uint64_t key = top[t];
  int rank = 0;
  for (int i = 0; i < row.n_top; ++i) rank += static_cast<uint64_t>(top[i]) > key ? 1 : 0;
  result[kWordTopTokens + rank] = id_of(key);
  const float logprob = log_probability(value_of(key), log_sum_exp);
  result[kWordTopLogprobs + rank] = static_cast<int32_t>(float_bits(logprob));
}

// For each row a block of threads that draws, and one for the log-probabilities of others.
QWQ_KERNEL void QWQ_THREADS(kSampleThreads, 4)
    finish_kernel(Global<const SampleRow> rows, Global<const float> logits, Global<const float> scores,
                  int64_t vocab_size, int64_t n_token_ids, Global<const float> raw_max,
                  Global<const Weight> raw_sum, Global<const float> edited_max, int n_slices,
                  Global<const uint32_t> counts, Global<const Weight> weights, Global<const int32_t> lists,
                  Global<int32_t> results) {
  QWQ_SHARED(uint32_t, place_counts, kBins);
  QWQ_SHARED(Weight, place_sums, kBins);
  QWQ_SHARED(int32_t, found, 2);
  QWQ_SHARED(Weight, found_need, 1);
  QWQ_SHARED(uint64_t, place_key, 1);
  const Places places = {place_counts, place_sums, found, found_need, place_key};
  const int t = thread_index();
  const int ranking = block_x();
  const int64_t r = block_y();
  const SampleRow row = rows[r];
  const RowSums sums = {raw_max + r * n_slices, raw_sum + r * n_slices, edited_max + r * n_slices, n_slices};
  logits += r * vocab_size;
  const Global<int32_t> result = results + r * kResultWords;

  const bool in_use = (row.wants & kRowInUse) != 0;
  const float max = in_use ? max_of_slices(sums.raw_max, n_slices) : kInfinity;
  SampleProblem problem = in_use && max == kInfinity ? SampleProblem::kNotFinite : SampleProblem::kNone;
  const bool finite = max < kInfinity;
  const bool ranked = finite && is_ranked(row, ranking);
  if (ranked && ranking == kOfScores && max_of_slices(sums.edited_max, n_slices) == -kInfinity) {
    problem = SampleProblem::kAllForbidden;
  }
  const bool wants_sums = finite && (row.wants & (kWantsSample | kWantsTarget)) != 0;
  const double log_sum_exp = wants_sums ? sums.log_sum_exp(max) : 0.0;

  RankedIds ids = {};
  Bound bound = {};
  if (ranked && problem == SampleProblem::kNone) {
    const int64_t i = r * kRankings + ranking;
    bound = bound_of(row, ranking, counts + i * kBins, weights + i * kBins);
    ids.values = ranking == kOfScores ? scores + r * vocab_size : logits;
    ids.max = ranking == kOfScores ? 0.0f : max;
    ids.list = lists + i * kListed;
    ids.listed = bound.count <= kListed;
    ids.count = ids.listed ? static_cast<int64_t>(bound.count) : n_token_ids;
  }

  if (ranking == kOfScores) {
    const bool drawn = ranked && problem == SampleProblem::kNone;
    const int32_t token = drawn ? draw_token(row, ids, bound, places) : 0;
    if (t != 0) return;
    result[kWordProblem] = static_cast<int32_t>(problem);
    result[kWordToken] = token;
    const float logprob = drawn ? log_probability(logits[token], log_sum_exp) : 0.0f;
    result[kWordLogprob] = static_cast<int32_t>(float_bits(logprob));
    return;
  }
  const int n_top = ranked ? row.n_top : 0;
  if (t >= n_top && t < QWQ_MAX_TOP_LOGPROBS) {
    result[kWordTopTokens + t] = 0;
    result[kWordTopLogprobs + t] = 0;
  }
  if (t == 0) {
    float logprob = 0;
    if (finite && (row.wants & kWantsTarget) != 0) logprob = log_probability(logits[row.target], log_sum_exp);
    result[kWordTargetLogprob] = static_cast<int32_t>(float_bits(logprob));
    result[kWordTop] = n_top;
  }
  if (ranked) write_top(row, ids, places, log_sum_exp, result);
}

}  // namespace qwq::cuda
