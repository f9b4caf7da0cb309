#include "kernels/cuda/sample_packer.h"

#include <algorithm>
#include <cstring>

#include "formats/random.h"
#include "kernels/sampling_math.h"

namespace qwq::cuda {

namespace {

// The sampling of what follows tokens[token], or null.
const qwq_sampling* sampling_of(const qwq_sequence& s, int32_t token) {
  const int32_t first = s.n_tokens - s.n_samples;
  return token < first ? nullptr : s.sampling + (token - first);
}

bool wants_target(const qwq_sequence& s, int32_t token) {
  return s.targets != nullptr && s.targets[token] >= 0;
}

Penalties penalties_of(const qwq_sampling& s) {
  return {s.repetition_penalty, s.frequency_penalty, s.presence_penalty};
}

size_t mask_words(int64_t vocab_size) { return static_cast<size_t>(ceil_div(vocab_size, 32)); }

size_t list_words(const qwq_sampling& s, int64_t vocab_size) {
  const size_t seen = penalties_of(s).none() ? 0 : static_cast<size_t>(s.n_seen);
  const size_t mask = s.allowed_mask == nullptr ? 0 : mask_words(vocab_size);
  return 2 * static_cast<size_t>(s.n_bias) + 2 * seen + mask;
}

}  // namespace

SamplePacker::SamplePacker(std::byte* memory, size_t memory_bytes, int64_t max_rows, int64_t vocab_size,
                           int64_t n_token_ids)
    : rows_(reinterpret_cast<SampleRow*>(memory)),
      words_(reinterpret_cast<uint32_t*>(memory)),
      max_rows_(max_rows),
      vocab_size_(vocab_size),
      n_token_ids_(n_token_ids),
      most_words_(memory_bytes / sizeof(uint32_t)),
      n_words_(rows_bytes(max_rows) / sizeof(uint32_t)) {
  std::fill(rows_, rows_ + max_rows, SampleRow{});
}

size_t SamplePacker::most_bytes(int64_t max_rows, int64_t vocab_size) {
  const size_t words = 4 * static_cast<size_t>(vocab_size) + mask_words(vocab_size);
  return rows_bytes(max_rows) + static_cast<size_t>(max_rows) * words * sizeof(uint32_t);
}

size_t SamplePacker::rows_bytes(int64_t max_rows) {
  return static_cast<size_t>(max_rows) * sizeof(SampleRow);
}

size_t SamplePacker::list_bytes(const qwq_sequence& sequence, int32_t token, int64_t vocab_size) {
  const qwq_sampling* sampling = sampling_of(sequence, token);
  return sampling == nullptr ? 0 : list_words(*sampling, vocab_size) * sizeof(uint32_t);
}

bool SamplePacker::add(const qwq_sequence& sequence, int32_t token) {
  const qwq_sampling* sampling = sampling_of(sequence, token);
  const size_t words = sampling == nullptr ? 0 : list_words(*sampling, vocab_size_);
  if (size_ == max_rows_ || words > most_words_ - n_words_) return false;
  SampleRow row{};
  row.wants = kRowInUse;
  if (wants_target(sequence, token)) {
    row.wants |= kWantsTarget;
    row.target = sequence.targets[token];
  }
  if (sampling != nullptr) {
    row.wants |= kWantsSample;
    row.n_top = static_cast<int32_t>(std::min<int64_t>(sampling->n_top_logprobs, n_token_ids_));
    const bool greedy = sampling->temperature == 0;
    row.temperature = greedy ? 1 : sampling->temperature;
    row.top_k = greedy ? 1 : sampling->top_k;
    row.top_p = greedy || sampling->top_p >= 1 ? 0 : fraction_of_one(sampling->top_p);
    row.least_score = least_score(greedy ? 0 : sampling->min_p);
    row.random = counter_hash(sampling->seed, sampling->draw);
    add_lists(*sampling, &row);
  }
  rows_[size_++] = row;
  return true;
}

void SamplePacker::add_lists(const qwq_sampling& sampling, SampleRow* row) {
  const Penalties penalties = penalties_of(sampling);
  row->repetition = penalties.repetition;
  row->frequency = penalties.frequency;
  row->presence = penalties.presence;
  row->first_word = n_words_;
  row->n_bias = sampling.n_bias;
  row->n_seen = penalties.none() ? 0 : sampling.n_seen;
  row->has_mask = sampling.allowed_mask == nullptr ? 0 : 1;
  uint32_t* word = words_ + n_words_;
  for (int32_t i = 0; i < row->n_bias; ++i) {
    *word++ = static_cast<uint32_t>(sampling.bias_tokens[i]);
    *word++ = std::bit_cast<uint32_t>(sampling.bias_values[i]);
  }
  for (int32_t i = 0; i < row->n_seen; ++i) {
    *word++ = static_cast<uint32_t>(sampling.seen_tokens[i]);
    *word++ = static_cast<uint32_t>(sampling.seen_counts[i]);
  }
  if (row->has_mask != 0) word = std::copy_n(sampling.allowed_mask, mask_words(vocab_size_), word);
  n_words_ = static_cast<size_t>(word - words_);
}

SampleProblem take_result(const SampleResult& result, const qwq_sequence& sequence, int32_t token) {
  const SampleProblem problem = static_cast<SampleProblem>(result.problem);
  if (problem == SampleProblem::kNotFinite) return problem;
  if (wants_target(sequence, token)) sequence.target_logprobs[token] = result.target_logprob;
  if (problem == SampleProblem::kNone && sampling_of(sequence, token) != nullptr) {
    qwq_sampled& out = sequence.sampled[token - (sequence.n_tokens - sequence.n_samples)];
    out.token = result.token;
    out.logprob = result.logprob;
    out.n_top = result.n_top;
    std::copy_n(result.top_tokens, result.n_top, out.top_tokens);
    std::copy_n(result.top_logprobs, result.n_top, out.top_logprobs);
  }
  return problem;
}

}  // namespace qwq::cuda
