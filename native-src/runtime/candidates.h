// The tokens that may still be drawn, and the filters that thin them out.
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>

namespace qwq {

// A token and its logit in one integer that orders as sampling does: larger is more likely, and of equal
// logits the lower id is larger. High word: the logit's bits, made monotonic; low word: ~id.
class CandidateKey {
 public:
  CandidateKey() = default;
  CandidateKey(int32_t id, float logit) {
    const uint32_t bits = std::bit_cast<uint32_t>(logit + 0.0f);  // + 0: -0 must equal 0
    const uint32_t ordered = (bits & kSign) != 0 ? ~bits : bits | kSign;
    bits_ = static_cast<uint64_t>(ordered) << 32 | ~static_cast<uint32_t>(id);
  }

  int32_t id() const { return static_cast<int32_t>(~static_cast<uint32_t>(bits_)); }
  float logit() const {
    const uint32_t ordered = static_cast<uint32_t>(bits_ >> 32);
    return std::bit_cast<float>((ordered & kSign) != 0 ? ordered ^ kSign : ~ordered);
  }
  friend auto operator<=>(CandidateKey, CandidateKey) = default;

 private:
  static constexpr uint32_t kSign = 0x80000000u;
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

// Candidates in ascending order of their ids, with logits relative to the largest: exp(logit) is the
// probability up to a common factor. The filters keep that order, so that the draw sums in one fixed order.
class Candidates {
 public:
  // All ids whose scores are at least log(min_p); -inf scores are never kept. `scores` [n] are relative to
  // their maximum and are overwritten; `ids` and `scratch` hold n elements.
  Candidates(float* scores, size_t n, float min_p, int32_t* ids, CandidateKey* scratch);

  // Keeps the k likeliest; 0 = all.
  void keep_top_k(int32_t k);

  // Keeps the fewest likeliest whose probabilities, normalised over the candidates, sum to at least p; at
  // least one. 1 = all.
  void keep_top_p(float p);

  // The candidate whose share of [0, 1) contains u.
  int32_t draw(double u) const;

  size_t size() const { return size_; }
  int32_t id(size_t i) const { return ids_[i]; }

 private:
  LogitsView view() const { return {logits_, ids_, size_}; }
  void keep_from(CandidateKey least);

  float* logits_;  // [size_]
  int32_t* ids_;   // [size_]
  CandidateKey* scratch_;
  size_t size_ = 0;
};

}  // namespace qwq
