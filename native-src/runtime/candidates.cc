#include "runtime/candidates.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "runtime/log_softmax.h"

namespace qwq {

namespace {

Weight sum_weights(const CandidateKey* keys, size_t n) {
  Weight sum = 0;
  for (size_t i = 0; i < n; ++i) sum += score_weight(keys[i].logit());
  return sum;
}

// Blocks of a vocabulary whose largest logit is too small are not looked at.
constexpr size_t kBlock = 128;

// Gathers the k likeliest at the front of scratch, the k-th at scratch[k - 1], otherwise unordered. A buffer
// of 2k survivors is thinned to the best k whenever it is full; what is less likely than its k-th is out for
// good. So a vocabulary of 152,064 costs little more than finding its largest.
void gather_likeliest(const LogitsView& view, size_t k, CandidateKey* scratch) {
  const size_t capacity = k > view.size / 2 ? view.size : 2 * k;
  const auto thin = [&](size_t held) {
    std::nth_element(scratch, scratch + (k - 1), scratch + held, std::greater<>());
  };
  size_t held = 0;
  float least = -std::numeric_limits<float>::infinity();
  for (size_t first = 0; first < view.size; first += kBlock) {
    const size_t end = std::min(first + kBlock, view.size);
    if (max_of(view.logits + first, end - first) < least) continue;
    for (size_t i = first; i < end; ++i) {
      if (view.logits[i] < least) continue;
      scratch[held++] = view.key(i);
      if (held == capacity && i + 1 < view.size) {
        thin(held);
        held = k;
        least = scratch[k - 1].logit();
      }
    }
  }
  thin(held);
}

}  // namespace

CandidateKey kth_likeliest(const LogitsView& view, size_t k, CandidateKey* scratch) {
  gather_likeliest(view, k, scratch);
  return scratch[k - 1];
}

void likeliest(const LogitsView& view, size_t k, CandidateKey* scratch, CandidateKey* out) {
  if (k == 0) return;
  gather_likeliest(view, k, scratch);
  std::partial_sort_copy(scratch, scratch + k, out, out + k, std::greater<>());
}

Candidates::Candidates(float* logits, size_t n, float max, const Limits& limits, int32_t* ids,
                       CandidateKey* scratch)
    : logits_(logits), ids_(ids), scratch_(scratch) {
  const auto score = [&](float logit) { return (logit - max) / limits.temperature; };
  float least = least_score(limits.min_p);
  if (limits.top_k > 0 && static_cast<size_t>(limits.top_k) < n) {
    // Scores round: others may score as the k-th, but none of a smaller logit more than it.
    const CandidateKey kth = kth_likeliest({logits, nullptr, n}, static_cast<size_t>(limits.top_k), scratch);
    least = std::max(least, score(kth.logit()));
  }
  for (size_t first = 0; first < n; first += kBlock) {
    const size_t size = std::min(kBlock, n - first);
    if (score(max_of(logits + first, size)) < least) continue;
    float scores[kBlock];
    for (size_t i = 0; i < size; ++i) scores[i] = score(logits[first + i]);
    for (size_t i = 0; i < size; ++i) {
      logits_[size_] = scores[i];
      ids_[size_] = static_cast<int32_t>(first + i);
      size_ += scores[i] >= least ? 1 : 0;
    }
  }
}

void Candidates::keep_top_k(int32_t k) {
  const size_t count = static_cast<size_t>(k);
  if (count == 0 || count >= size_) return;
  keep_from(kth_likeliest(view(), count, scratch_));
}

void Candidates::keep_top_p(float p) {
  if (p >= 1) return;
  const Weight total = qwq::sum_weights(logits_, size_, 0);
  Weight missing = share_above(total, fraction_of_one(p));

  // Candidates that weigh no more than this together weigh no more than what may be missing in the end: the
  // answer does not reach them. On real distributions that leaves a few hundred. Half a unit is what rounding
  // to weights adds at most; exponential and logarithm are rounded, too, hence the margin.
  const double negligible = static_cast<double>((total - missing) / size_) - 0.5;
  const float least_logit = static_cast<float>(natural_log(std::max(negligible, 0.5) * kWeightUnit) - 1e-3);
  drop_below(least_logit);
  CandidateKey* first = scratch_;
  CandidateKey* last = scratch_ + size_;
  for (size_t i = 0; i < size_; ++i) scratch_[i] = view().key(i);

  // [scratch_, first) belongs to the answer and is `missing` short of it; bisect where in [first, last) it
  // ends.
  constexpr ptrdiff_t kSortBelow = 64;
  while (last - first > kSortBelow) {
    CandidateKey* middle = first + (last - first) / 2;
    std::nth_element(first, middle, last, std::greater<>());
    const Weight upper = sum_weights(first, static_cast<size_t>(middle - first));
    if (upper >= missing) {
      last = middle;
    } else {
      missing -= upper;
      first = middle;
    }
  }
  std::sort(first, last, std::greater<>());
  CandidateKey least = *first;
  for (const CandidateKey* key = first; key != last; ++key) {
    least = *key;
    const Weight weight = score_weight(key->logit());
    if (weight >= missing) break;
    missing -= weight;
  }
  keep_from(least);
}

int32_t Candidates::draw(uint64_t random) const {
  constexpr size_t kBlock = 256;
  // Of the units that all candidates weigh, the one that was drawn.
  Weight rest = share_below(qwq::sum_weights(logits_, size_, 0), random);
  size_t i = 0;
  while (size_ - i > kBlock) {
    const Weight block = qwq::sum_weights(logits_ + i, kBlock, 0);
    if (block > rest) break;
    rest -= block;
    i += kBlock;
  }
  for (; i + 1 < size_; ++i) {
    const Weight weight = score_weight(logits_[i]);
    if (weight > rest) break;
    rest -= weight;
  }
  return ids_[i];
}

void Candidates::drop_below(float least_logit) {
  const size_t n = size_;
  size_ = 0;
  for (size_t first = 0; first < n; first += kBlock) {
    const size_t end = std::min(first + kBlock, n);
    if (max_of(logits_ + first, end - first) < least_logit) continue;
    for (size_t i = first; i < end; ++i) {
      const float logit = logits_[i];
      logits_[size_] = logit;
      ids_[size_] = ids_[i];
      size_ += logit >= least_logit ? 1 : 0;
    }
  }
}

void Candidates::keep_from(CandidateKey least) {
  const LogitsView all = view();
  size_ = 0;
  for (size_t i = 0; i < all.size; ++i) {
    const float logit = logits_[i];
    const int32_t id = ids_[i];
    logits_[size_] = logit;
    ids_[size_] = id;
    size_ += logit > least.logit() || (logit == least.logit() && id <= least.id()) ? 1 : 0;
  }
}

}  // namespace qwq
