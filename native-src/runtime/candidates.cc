#include "runtime/candidates.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "runtime/log_softmax.h"

namespace qwq {

namespace {

// Unnormalised probability.
double weight(float logit) {
  return static_cast<double>(exp_nonpositive(logit));
}

double sum_weights(const CandidateKey* keys, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += weight(keys[i].logit());
  return sum;
}

// Gathers the k likeliest at the front of scratch, the k-th at scratch[k - 1], otherwise unordered. A buffer
// of 2k survivors is thinned to the best k whenever it is full; what is less likely than its k-th is out for
// good. So a vocabulary of 152,064 costs one comparison a token, and few of them succeed.
void gather_likeliest(const LogitsView& view, size_t k, CandidateKey* scratch) {
  const size_t capacity = k > view.size / 2 ? view.size : 2 * k;
  const auto thin = [&](size_t held) {
    std::nth_element(scratch, scratch + (k - 1), scratch + held, std::greater<>());
  };
  size_t held = 0;
  float least = -std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < view.size; ++i) {
    if (view.logits[i] < least) continue;
    scratch[held++] = view.key(i);
    if (held == capacity && i + 1 < view.size) {
      thin(held);
      held = k;
      least = scratch[k - 1].logit();
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

Candidates::Candidates(float* scores, size_t n, float min_p, int32_t* ids, CandidateKey* scratch)
    : logits_(scores), ids_(ids), scratch_(scratch) {
  const float least = min_p > 0 ? static_cast<float>(std::log(static_cast<double>(min_p)))
                                : std::numeric_limits<float>::lowest();
  for (size_t i = 0; i < n; ++i) {
    const float score = scores[i];
    logits_[size_] = score;
    ids_[size_] = static_cast<int32_t>(i);
    size_ += score >= least ? 1 : 0;
  }
}

void Candidates::keep_top_k(int32_t k) {
  const size_t count = static_cast<size_t>(k);
  if (count == 0 || count >= size_) return;
  keep_from(kth_likeliest(view(), count, scratch_));
}

void Candidates::keep_top_p(float p) {
  if (p >= 1) return;
  const double total = sum_exp(logits_, size_, 0);
  double missing = static_cast<double>(p) * total;

  // All candidates of less than this weight together weigh less than 1 - p: the answer does not reach them.
  // On real distributions that leaves a few hundred. The logarithm is rounded, and so kept on the safe side.
  const double negligible = (1 - static_cast<double>(p)) * total / static_cast<double>(size_);
  const float least_logit = static_cast<float>(std::log(negligible) - 1e-3);
  CandidateKey* first = scratch_;
  CandidateKey* last = scratch_;
  for (size_t i = 0; i < size_; ++i) {
    if (logits_[i] >= least_logit) *last++ = view().key(i);
  }

  // [scratch_, first) belongs to the answer and is `missing` short of it; bisect where in [first, last) it
  // ends.
  constexpr ptrdiff_t kSortBelow = 64;
  while (last - first > kSortBelow) {
    CandidateKey* middle = first + (last - first) / 2;
    std::nth_element(first, middle, last, std::greater<>());
    const double upper = sum_weights(first, static_cast<size_t>(middle - first));
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
    missing -= weight(key->logit());
    if (missing <= 0) break;
  }
  keep_from(least);
}

int32_t Candidates::draw(double u) const {
  constexpr size_t kBlock = 256;
  const double target = u * sum_exp(logits_, size_, 0);
  double sum = 0;
  for (size_t first = 0; first < size_; first += kBlock) {
    const size_t n = std::min(kBlock, size_ - first);
    const double block = sum_exp(logits_ + first, n, 0);
    if (sum + block > target) {
      double partial = sum;
      for (size_t i = first; i < first + n; ++i) {
        partial += weight(logits_[i]);
        if (partial > target) return ids_[i];
      }
    }
    sum += block;
  }
  // Sums in another order may end a rounding below: the last candidate that has a share.
  size_t i = size_ - 1;
  while (i > 0 && weight(logits_[i]) == 0) --i;
  return ids_[i];
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
