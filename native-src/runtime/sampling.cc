#include "runtime/sampling.h"

#include <algorithm>
#include <limits>

#include "formats/random.h"
#include "runtime/logit_edits.h"

namespace qwq {

namespace {

// Lowest id of the largest value.
int32_t argmax(const float* values, size_t n, float max) {
  return static_cast<int32_t>(std::find(values, values + n, max) - values);
}

int32_t draw_token(const qwq_sampling& sampling, size_t n, float max, const SamplerScratch& scratch) {
  const Candidates::Limits limits{sampling.temperature, sampling.min_p, sampling.top_k};
  Candidates candidates(scratch.adjusted, n, max, limits, scratch.ids, scratch.selection);
  candidates.keep_top_k(sampling.top_k);
  candidates.keep_top_p(sampling.top_p);
  return candidates.draw(counter_hash(sampling.seed, sampling.draw));
}

void fill_top_logprobs(const LogitsRow& row, int32_t n_top, const SamplerScratch& scratch, qwq_sampled* out) {
  const LogitsView view{row.logits, nullptr, static_cast<size_t>(row.n_token_ids)};
  const size_t k = std::min(view.size, static_cast<size_t>(n_top));
  CandidateKey top[QWQ_MAX_TOP_LOGPROBS];
  likeliest(view, k, scratch.selection, top);
  out->n_top = static_cast<int32_t>(k);
  for (size_t i = 0; i < k; ++i) {
    out->top_tokens[i] = top[i].id();
    out->top_logprobs[i] = row.softmax.logprob(top[i].logit());
  }
}

}  // namespace

bool sample(const LogitsRow& row, const qwq_sampling& sampling, const SamplerScratch& scratch,
            qwq_sampled* out) {
  const size_t n = static_cast<size_t>(row.vocab_size);
  float* adjusted = scratch.adjusted;
  std::copy(row.logits, row.logits + n, adjusted);
  add_bias(sampling, adjusted);
  apply_penalties(sampling, adjusted);
  apply_mask(sampling.allowed_mask, row.n_token_ids, row.vocab_size, adjusted);
  const float max = max_of(adjusted, n);
  if (max == -std::numeric_limits<float>::infinity()) return false;

  out->token = sampling.temperature == 0 ? argmax(adjusted, n, max) : draw_token(sampling, n, max, scratch);
  out->logprob = row.softmax.logprob(row.logits[out->token]);
  fill_top_logprobs(row, sampling.n_top_logprobs, scratch, out);
  return true;
}

}  // namespace qwq
