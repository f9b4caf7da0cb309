// The tokens that may still be drawn, and the filters that thin them out.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "kernels/sampling_math.h"

namespace qwq {

// A token and its logit in one integer that orders as sampling does: larger is more likely, and of equal
// logits the lower id is larger. High word: the logit's bits, made monotonic; low word: ~id.
class CandidateKey {
 public:
  CandidateKey() = default;
  CandidateKey(int32_t id, float logit) {
    bits_ = static_cast<uint64_t>(ordered_bits(logit)) << 32 | ~static_cast<uint32_t>(id);
  }

  int32_t id() const { return static_cast<int32_t>(~static_cast<uint32_t>(bits_)); }
  float logit() const { return from_ordered_bits(static_cast<uint32_t>(bits_ >> 32)); }
  friend auto operator<=>(CandidateKey, CandidateKey) = default;

 private:
  uint64_t bits_;
};

// Logits and the tokens they belong to; ids == nullptr: token i has logits[i]. Ids ascend.
struct LogitsView {
  const float* logits;
  const int32_t* ids;
  size_t size;

  CandidateKey key(size_t i) const {
    return CandidateKey(ids == nullptr ? static_cast<int32_t>(i) : ids[i], logits[i]);
  }
};

// The k-th likeliest (1 <= k <= size). `scratch` holds size keys.
CandidateKey kth_likeliest(const LogitsView& view, size_t k, CandidateKey* scratch);

// The k likeliest, likeliest first, into out[k] (k <= size). `scratch` holds size keys.
void likeliest(const LogitsView& view, size_t k, CandidateKey* scratch, CandidateKey* out);

// Candidates in ascending order of their ids, with logits relative to the largest: score_weight(logit) is the
// probability up to a common factor. The filters keep that order, in which the draw shares out [0, 1).
class Candidates {
 public:
  // What to score by, and what need not become a candidate.
  struct Limits {
    float temperature = 1;
    float min_p = 0;
    int32_t top_k = 0;  // 0 = all
  };

  // All ids whose scores, (logit - max) / temperature, are at least least_score(min_p) and that of the k-th
  // likeliest; -inf scores are never kept. `logits` [n], of which `max` is the largest, are overwritten;
  // `ids` and `scratch` hold n elements.
  Candidates(float* logits, size_t n, float max, const Limits& limits, int32_t* ids, CandidateKey* scratch);

  // Keeps the k likeliest; 0 = all.
  void keep_top_k(int32_t k);

  // Keeps the fewest likeliest whose weights sum to at least p of all candidates'; at least one. 1 = all.
  void keep_top_p(float p);

  // The candidate whose share of [0, 1) contains random * 2^-64.
  int32_t draw(uint64_t random) const;

  size_t size() const { return size_; }
  int32_t id(size_t i) const { return ids_[i]; }

 private:
  LogitsView view() const { return {logits_, ids_, size_}; }
  void drop_below(float least_logit);
  void keep_from(CandidateKey least);

  float* logits_;  // [size_]
  int32_t* ids_;   // [size_]
  CandidateKey* scratch_;
  size_t size_ = 0;
};

}  // namespace qwq
