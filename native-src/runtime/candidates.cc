#include "runtime/candidates.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "runtime/log_softmax.h"

namespace qwq {

namespace {

// Unnormalised probability.
double weight(CandidateKey key) { return static_cast<double>(exp_nonpositive(key.logit())); }

double sum_weights(const CandidateKey* keys, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += weight(keys[i]);
  return sum;
}

// Moves the k largest of keys to the front of scratch, unordered. A buffer of 2k survivors is thinned to
// the best k whenever it is full; what is below its k-th cannot be among the k largest any more. So a
// vocabulary of 152,064 costs one comparison a token, and few of them succeed.
void gather_largest(const CandidateKey* keys, size_t n, size_t k, CandidateKey* scratch) {
  const size_t capacity = k > n / 2 ? n : 2 * k;
  size_t held = 0;
  CandidateKey floor(std::numeric_limits<int32_t>::max(), -std::numeric_limits<float>::infinity());
  for (size_t i = 0; i < n; ++i) {
    if (keys[i] < floor) continue;
    scratch[held++] = keys[i];
    if (held == capacity && i + 1 < n) {
      std::nth_element(scratch, scratch + (k - 1), scratch + held, std::greater<>());
      floor = scratch[k - 1];
      held = k;
    }
  }
  std::nth_element(scratch, scratch + (k - 1), scratch + held, std::greater<>());
}

}  // namespace

CandidateKey kth_largest(const CandidateKey* keys, size_t n, size_t k, CandidateKey* scratch) {
  gather_largest(keys, n, k, scratch);
  return scratch[k - 1];
}

void largest(const CandidateKey* keys, size_t n, size_t k, CandidateKey* scratch, CandidateKey* out) {
  if (k == 0) return;
  gather_largest(keys, n, k, scratch);
  std::partial_sort_copy(scratch, scratch + k, out, out + k, std::greater<>());
}

Candidates::Candidates(const float* scores, size_t n, float min_p, CandidateKey* keys, CandidateKey* scratch)
    : keys_(keys), scratch_(scratch) {
  const float least = min_p > 0 ? static_cast<float>(std::log(static_cast<double>(min_p)))
                                : std::numeric_limits<float>::lowest();
  for (size_t i = 0; i < n; ++i) {
    keys_[size_] = CandidateKey(static_cast<int32_t>(i), scores[i]);
    size_ += scores[i] >= least ? 1 : 0;
  }
}

void Candidates::keep_top_k(int32_t k) {
  const size_t count = static_cast<size_t>(k);
  if (count == 0 || count >= size_) return;
  keep_from(kth_largest(keys_, size_, count, scratch_));
}

void Candidates::keep_top_p(float p) {
  if (p >= 1) return;
  const double total = sum_weights(keys_, size_);
  double missing = static_cast<double>(p) * total;

  // All candidates below this weight together weigh less than 1 - p: the answer does not reach them. On real
  // distributions that leaves a few hundred.
  const double negligible = (1 - static_cast<double>(p)) * total / static_cast<double>(size_);
  CandidateKey* first = scratch_;
  CandidateKey* last = std::copy_if(keys_, keys_ + size_, scratch_,
                                    [=](CandidateKey key) { return weight(key) >= negligible; });

  // [scratch_, first) belongs to the answer and is `missing` short of it; bisect where in [first, last) it ends.
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
    missing -= weight(*key);
    if (missing <= 0) break;
  }
  keep_from(least);
}

int32_t Candidates::draw(double u) const {
  const double target = u * sum_weights(keys_, size_);
  double sum = 0;
  int32_t drawn = id(0);
  for (size_t i = 0; i < size_; ++i) {
    const double w = weight(keys_[i]);
    if (w == 0) continue;
    drawn = id(i);  // the last one that can be drawn, should rounding leave sum <= target
    sum += w;
    if (sum > target) break;
  }
  return drawn;
}

void Candidates::keep_from(CandidateKey least) {
  CandidateKey* end = std::remove_if(keys_, keys_ + size_, [=](CandidateKey key) { return key < least; });
  size_ = static_cast<size_t>(end - keys_);
}

}  // namespace qwq
