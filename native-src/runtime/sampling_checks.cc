#include "runtime/sampling_checks.h"

#include <cinttypes>
#include <cmath>

#include "runtime/error.h"

namespace qwq {

namespace {

[[noreturn]] void bad_value(int sequence, const char* field, const char* expected, double found) {
  invalid("sequences[%d].sampling.%s: expected %s, found %g", sequence, field, expected, found);
}

void check_finite(int sequence, const char* field, float value) {
  if (!std::isfinite(value)) bad_value(sequence, field, "a finite number", value);
}

void check_numbers(const qwq_sampling& s, int sequence) {
  if (!(s.temperature >= 0) || !std::isfinite(s.temperature)) {
    bad_value(sequence, "temperature", "a finite number of at least 0", s.temperature);
  }
  if (!(s.top_p > 0 && s.top_p <= 1)) bad_value(sequence, "top_p", "(0, 1]", s.top_p);
  if (!(s.min_p >= 0 && s.min_p < 1)) bad_value(sequence, "min_p", "[0, 1)", s.min_p);
  if (s.top_k < 0) bad_value(sequence, "top_k", "at least 0", s.top_k);
  check_finite(sequence, "presence_penalty", s.presence_penalty);
  check_finite(sequence, "frequency_penalty", s.frequency_penalty);
  if (!(s.repetition_penalty > 0) || !std::isfinite(s.repetition_penalty)) {
    bad_value(sequence, "repetition_penalty", "a finite number above 0", s.repetition_penalty);
  }
  if (s.n_top_logprobs < 0 || s.n_top_logprobs > QWQ_MAX_TOP_LOGPROBS) {
    bad_value(sequence, "n_top_logprobs", "0 .. 20", s.n_top_logprobs);
  }
}

// Clears what was marked, also when a check fails half-way.
class Marks {
 public:
  Marks(uint32_t* words, const int32_t* ids) : words_(words), ids_(ids) {}
  ~Marks() {
    for (int32_t i = 0; i < marked_; ++i) words_[ids_[i] / 32] = 0;
  }
  // False if the id was marked already. Ids come in the order of `ids`.
  bool mark(int32_t id) {
    uint32_t& word = words_[id / 32];
    const uint32_t bit = 1u << (id % 32);
    if ((word & bit) != 0) return false;
    word |= bit;
    ++marked_;
    return true;
  }

 private:
  uint32_t* words_;
  const int32_t* ids_;
  int32_t marked_ = 0;
};

void check_ids(int sequence, const char* field, const int32_t* ids, int32_t n, int64_t vocab_size,
               uint32_t* words) {
  if (n < 0)
    invalid("sequences[%d].sampling: expected a size of at least 0 for %s, found %" PRId32, sequence, field,
            n);
  if (n > 0 && ids == nullptr) invalid("sequences[%d].sampling.%s is NULL", sequence, field);
  Marks marks(words, ids);
  for (int32_t i = 0; i < n; ++i) {
    if (ids[i] < 0 || ids[i] >= vocab_size) {
      invalid("sequences[%d].sampling.%s[%" PRId32 "]: expected 0 .. %" PRId64 ", found %" PRId32, sequence,
              field, i, vocab_size - 1, ids[i]);
    }
    if (!marks.mark(ids[i])) {
      invalid("sequences[%d].sampling.%s[%" PRId32 "]: expected distinct ids, found %" PRId32 " again",
              sequence, field, i, ids[i]);
    }
  }
}

}  // namespace

void check_sampling(const qwq_sampling& s, int sequence, int64_t vocab_size, uint32_t* marks) {
  check_numbers(s, sequence);
  check_ids(sequence, "seen_tokens", s.seen_tokens, s.n_seen, vocab_size, marks);
  if (s.n_seen > 0 && s.seen_counts == nullptr)
    invalid("sequences[%d].sampling.seen_counts is NULL", sequence);
  for (int32_t i = 0; i < s.n_seen; ++i) {
    if (s.seen_counts[i] < 0) bad_value(sequence, "seen_counts", "at least 0", s.seen_counts[i]);
  }
  check_ids(sequence, "bias_tokens", s.bias_tokens, s.n_bias, vocab_size, marks);
  if (s.n_bias > 0 && s.bias_values == nullptr)
    invalid("sequences[%d].sampling.bias_values is NULL", sequence);
  for (int32_t i = 0; i < s.n_bias; ++i) {
    const float value = s.bias_values[i];
    if (std::isnan(value) || value == INFINITY) bad_value(sequence, "bias_values", "a number or -inf", value);
  }
}

}  // namespace qwq
