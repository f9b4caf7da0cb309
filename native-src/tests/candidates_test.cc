// The pieces of sampling one by one: ordering keys, selection, filters, exponentials, edits of logits.
#include "runtime/candidates.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <string_view>

#include "formats/random.h"
#include "kernels/cpu/isa.h"
#include "runtime/log_softmax.h"
#include "runtime/logit_edits.h"
#include "runtime/vocabulary_loops.h"
#include "tests/check.h"

using namespace qwq;

namespace {

constexpr uint64_t kSeed = 99;
constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<float> normal(uint64_t seed, size_t n, float stddev) {
  std::vector<float> values(n);
  fill_normal(seed, 0, stddev, values.data(), n);
  return values;
}

// Scores relative to their maximum, as the filters want them.
std::vector<float> scores(uint64_t seed, size_t n, float stddev, bool with_ties) {
  std::vector<float> values = normal(seed, n, stddev);
  if (with_ties) {
    for (float& value : values) value = std::round(value * 2) / 2;
  }
  const float max = *std::max_element(values.begin(), values.end());
  for (float& value : values) value -= max;
  return values;
}

struct Filtered {
  // Of scores whose largest is 0.
  Filtered(const std::vector<float>& values, float min_p, int32_t top_k = 0)
      : scores(values),
        id_buffer(values.size()),
        scratch(values.size()),
        candidates(scores.data(), scores.size(), 0, {1, min_p, top_k}, id_buffer.data(), scratch.data()) {}

  std::vector<int32_t> ids() const {
    std::vector<int32_t> result;
    for (size_t i = 0; i < candidates.size(); ++i) result.push_back(candidates.id(i));
    return result;
  }

  std::vector<float> scores;
  std::vector<int32_t> id_buffer;
  std::vector<CandidateKey> scratch;
  Candidates candidates;
};

// All ids, likeliest first, of equals the lowest first.
std::vector<int32_t> by_likelihood(const std::vector<float>& scores) {
  std::vector<int32_t> ids;
  for (size_t i = 0; i < scores.size(); ++i) ids.push_back(static_cast<int32_t>(i));
  std::stable_sort(ids.begin(), ids.end(), [&](int32_t a, int32_t b) {
    return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)];
  });
  return ids;
}

struct Case {
  size_t n;
  float stddev;
  bool with_ties;
};
const Case kCases[] = {{1, 1, false},    {2, 1, false},    {64, 1, true},     {65, 1, false},
                       {1000, 0, true},  {1000, 1, true},  {1000, 3, false},  {5000, 0.01f, false},
                       {5000, 6, false}, {20000, 2, true}, {20000, 30, false}};

}  // namespace

TEST(keys_order_by_logit_then_by_lower_id) {
  const float logits[] = {-kInf, -3e38f, -1.5f, -1e-45f, 0, 1e-45f, 2, 3e38f, kInf};
  for (size_t i = 0; i < std::size(logits); ++i) {
    const CandidateKey key(7, logits[i]);
    CHECK_EQ(key.id(), 7);
    CHECK_EQ(key.logit(), logits[i]);
    CHECK(CandidateKey(6, logits[i]) > key);
    if (i > 0) CHECK(key > CandidateKey(0, logits[i - 1]));
  }
  CHECK(CandidateKey(1, -0.0f) > CandidateKey(2, 0.0f));
  CHECK_EQ(CandidateKey(std::numeric_limits<int32_t>::max(), 1).id(), std::numeric_limits<int32_t>::max());
}

TEST(selection_matches_sorting) {
  for (const Case& c : kCases) {
    std::vector<float> values = scores(kSeed, c.n, c.stddev, c.with_ties);
    std::vector<CandidateKey> scratch(c.n), out(c.n);
    // As drawn, and both orders a stream of candidates may be worst in.
    for (const int order : {0, 1, 2}) {
      if (order == 1) std::sort(values.begin(), values.end());
      if (order == 2) std::reverse(values.begin(), values.end());
      std::vector<int32_t> ids;
      for (size_t i = 0; i < c.n; ++i) ids.push_back(static_cast<int32_t>(3 * i + 1));
      const int32_t* const no_ids = nullptr;
      for (const int32_t* view_ids : {no_ids, static_cast<const int32_t*>(ids.data())}) {
        const LogitsView view{values.data(), view_ids, c.n};
        std::vector<CandidateKey> sorted;
        for (size_t i = 0; i < c.n; ++i) sorted.push_back(view.key(i));
        std::sort(sorted.begin(), sorted.end(), std::greater<>());
        for (const size_t k : {size_t{1}, size_t{2}, c.n / 3, c.n / 2, c.n / 2 + 1, c.n - 1, c.n}) {
          if (k < 1 || k > c.n) continue;
          CHECK(kth_likeliest(view, k, scratch.data()) == sorted[k - 1]);
          likeliest(view, k, scratch.data(), out.data());
          CHECK(std::equal(out.begin(), out.begin() + static_cast<ptrdiff_t>(k), sorted.begin()));
        }
      }
    }
  }
}

TEST(top_k_keeps_the_likeliest_in_order_of_ids) {
  for (const Case& c : kCases) {
    const std::vector<float> values = scores(kSeed + 1, c.n, c.stddev, c.with_ties);
    for (const size_t k : {size_t{1}, size_t{20}, c.n / 2, c.n, c.n + 5}) {
      if (k < 1) continue;
      std::vector<int32_t> expected = by_likelihood(values);
      expected.resize(std::min(k, c.n));
      std::sort(expected.begin(), expected.end());
      const int32_t top_k = static_cast<int32_t>(k);
      Filtered all(values, 0);
      Filtered few(values, 0, top_k);
      CHECK(few.candidates.size() >= expected.size());
      CHECK(few.candidates.size() <= all.candidates.size());
      for (Filtered* filtered : {&all, &few}) {
        filtered->candidates.keep_top_k(top_k);
        CHECK(filtered->ids() == expected);
      }
    }
  }
}

// 1e6 swallows what tells the other logits apart: their scores are equal, and of equals the lowest ids are
// kept.
TEST(top_k_goes_by_scores) {
  std::vector<float> logits(300);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = 1e-6f * static_cast<float>(i);
  logits[200] = 1e6f;
  std::vector<int32_t> ids(300);
  std::vector<CandidateKey> scratch(300);
  Candidates candidates(logits.data(), 300, 1e6f, {0.7f, 0, 3}, ids.data(), scratch.data());
  candidates.keep_top_k(3);
  CHECK_EQ(candidates.size(), size_t{3});
  CHECK_EQ(candidates.id(0), 0);
  CHECK_EQ(candidates.id(1), 1);
  CHECK_EQ(candidates.id(2), 200);
}

// The kept set is a prefix of the order of likelihood, reaches p, and does not without its last member. The
// sums of the test and the filter differ by the error of the f32 exponential, 2^-22.
TEST(top_p_keeps_the_smallest_set_that_reaches_p) {
  for (const Case& c : kCases) {
    const std::vector<float> values = scores(kSeed + 2, c.n, c.stddev, c.with_ties);
    const std::vector<int32_t> order = by_likelihood(values);
    double total = 0;
    for (const float value : values) total += std::exp(static_cast<double>(value));
    for (const float p : {1e-20f, 0.1f, 0.5f, 0.9f, 0.95f, 0.999f, 0.99999f}) {
      Filtered filtered(values, 0);
      filtered.candidates.keep_top_p(p);
      std::vector<int32_t> kept = filtered.ids();
      CHECK(!kept.empty());
      CHECK(std::is_sorted(kept.begin(), kept.end()));
      std::vector<int32_t> prefix(order.begin(), order.begin() + static_cast<ptrdiff_t>(kept.size()));
      double sum = 0;
      for (const int32_t id : prefix)
        sum += std::exp(static_cast<double>(values[static_cast<size_t>(id)])) / total;
      const double last = std::exp(static_cast<double>(values[static_cast<size_t>(prefix.back())])) / total;
      CHECK(sum >= static_cast<double>(p) - 0x1p-22);
      CHECK(kept.size() == 1 || sum - last < static_cast<double>(p) + 0x1p-22);
      std::sort(prefix.begin(), prefix.end());
      CHECK(kept == prefix);
    }
  }
}

TEST(min_p_is_relative_to_the_likeliest) {
  const std::vector<float> values{std::log(0.1f), 0, std::log(0.3f), -kInf, std::log(0.0999f)};
  CHECK(Filtered(values, 0.1f - 1e-6f).ids() == (std::vector<int32_t>{0, 1, 2}));
  CHECK(Filtered(values, 0.2f).ids() == (std::vector<int32_t>{1, 2}));
  CHECK(Filtered(values, 0.999f).ids() == (std::vector<int32_t>{1}));
  CHECK(Filtered(values, 0).ids() == (std::vector<int32_t>{0, 1, 2, 4}));
}

TEST(draw_maps_the_unit_interval_to_shares) {
  const std::vector<float> values{std::log(0.5f), -kInf, 0, std::log(0.5f)};  // shares 1/4, -, 1/2, 1/4
  const Filtered filtered(values, 0);
  const auto draw = [&](double u) { return filtered.candidates.draw(static_cast<uint64_t>(u * 0x1p64)); };
  CHECK_EQ(draw(0), 0);
  CHECK_EQ(draw(0.249), 0);
  CHECK_EQ(draw(0.251), 2);
  CHECK_EQ(draw(0.749), 2);
  CHECK_EQ(draw(0.751), 3);
  CHECK_EQ(filtered.candidates.draw(~uint64_t{0}), 3);
}

TEST(exponential_is_accurate_everywhere) {
  CHECK_EQ(exp_nonpositive(0), 1.0f);
  CHECK_EQ(exp_nonpositive(-0.0f), 1.0f);
  CHECK_EQ(exp_nonpositive(-kInf), 0.0f);
  CHECK_EQ(exp_nonpositive(-87.5f), 0.0f);
  // Every 997th float of [-87, 0].
  const uint32_t last = std::bit_cast<uint32_t>(87.0f);
  for (uint32_t bits = 1; bits <= last; bits += 997) {
    const float x = -std::bit_cast<float>(bits);
    const double expected = std::exp(static_cast<double>(x));
    CHECK_NEAR(exp_nonpositive(x), expected, expected * 0x1p-22);
  }
}

TEST(finiteness_is_seen_at_every_place) {
  for (const size_t n : {1, 2, 3, 8, 17}) {
    std::vector<float> values(n, 3e38f);
    CHECK(all_finite(values.data(), n));
    for (size_t i = 0; i < n; ++i) {
      for (const float bad : {kInf, -kInf, std::numeric_limits<float>::quiet_NaN()}) {
        values[i] = bad;
        CHECK(!all_finite(values.data(), n));
      }
      values[i] = -3e38f;
    }
  }
}

// e^x in units of 2^-42 to the nearest, ties to even, exactly.
TEST(weights_are_rounded_exponentials) {
  CHECK_EQ(weight_of(1.0f), Weight{1} << 42);
  CHECK_EQ(weight_of(0x1p-42f), Weight{1});
  CHECK_EQ(weight_of(0x1p-43f), Weight{0});
  CHECK_EQ(weight_of(0x3p-43f), Weight{2});
  CHECK_EQ(weight_of(0x1.000002p-43f), Weight{1});
  CHECK_EQ(weight_of(0.0f), Weight{0});
  const uint32_t last = std::bit_cast<uint32_t>(1.0f);
  for (uint32_t bits = std::bit_cast<uint32_t>(0x1p-60f); bits <= last; bits += 101) {
    const float x = std::bit_cast<float>(bits);
    CHECK_EQ(weight_of(x), static_cast<Weight>(std::nearbyint(static_cast<double>(x) * 0x1p42)));
  }
}

TEST(sums_of_weights) {
  for (const size_t n : {1, 7, 63, 64, 65, 1000}) {
    for (const float stddev : {0.1f, 3.0f, 12.0f}) {
      const std::vector<float> values = scores(kSeed + 5, n, stddev, false);
      Weight expected = 0;
      double exact = 0;
      for (const float value : values) {
        expected += score_weight(value);
        exact += std::exp(static_cast<double>(value));
      }
      CHECK_EQ(sum_weights(values.data(), n, 0), expected);
      // The exponentials' error, and half a unit each.
      CHECK_NEAR(static_cast<double>(expected) * 0x1p-42, exact,
                 exact * 0x1p-22 + static_cast<double>(n) * 0x1p-43);
    }
  }
}

TEST(shares_are_exact) {
  CHECK_EQ(share_below(10, uint64_t{1} << 63), Weight{5});
  CHECK_EQ(share_above(10, uint64_t{1} << 63), Weight{5});
  CHECK_EQ(share_below(11, uint64_t{1} << 63), Weight{5});
  CHECK_EQ(share_above(11, uint64_t{1} << 63), Weight{6});
  CHECK_EQ(share_below(~Weight{0}, ~uint64_t{0}), ~Weight{0} - 1);
  CHECK_EQ(share_above(7, fraction_of_one(1e-30f)), Weight{1});
  CHECK_EQ(fraction_of_one(0.75f), uint64_t{3} << 62);
}

TEST(logarithm_is_accurate) {
  for (int i = -2000; i <= 2000; ++i) {
    const double x = std::exp(i * 0.037) * (1 + i * 1e-5);
    const double expected = std::log(x);
    CHECK_NEAR(natural_log(x), expected, 0x1p-50 * std::max(1.0, std::fabs(expected)));
  }
  CHECK_EQ(natural_log(1), 0.0);
}

TEST(loops_of_every_instruction_set_agree) {
  std::vector<const VocabularyLoops*> all;
#if defined(__x86_64__)
  for (const CpuIsa& isa : cpu_isas()) {
    const std::string_view name(isa.name);
    if (isa.usable() && name == "avx2") all.push_back(&vocabulary_loops_avx2());
    if (isa.usable() && name == "avx512_vnni") all.push_back(&vocabulary_loops_avx512_vnni());
  }
#endif
  const VocabularyLoops& generic = vocabulary_loops_generic();
  for (const size_t n : {1, 7, 8, 15, 16, 17, 63, 64, 65, 127, 128, 1000, 5003}) {
    for (const float stddev : {0.0f, 1e-3f, 3.0f, 20.0f, 1e37f}) {
      std::vector<float> values = normal(kSeed + n, n, stddev);
      const float max = generic.max_of(values.data(), n);
      for (const VocabularyLoops* loops : all) {
        CHECK_EQ(std::bit_cast<uint32_t>(loops->max_of(values.data(), n)), std::bit_cast<uint32_t>(max));
        CHECK_EQ(loops->sum_weights(values.data(), n, max), generic.sum_weights(values.data(), n, max));
        CHECK(loops->all_finite(values.data(), n));
        for (const float bad : {kInf, -kInf, std::numeric_limits<float>::quiet_NaN()}) {
          std::vector<float> spoilt = values;
          spoilt[n * 2 / 3] = bad;
          CHECK(!loops->all_finite(spoilt.data(), n));
        }
      }
    }
  }
}

TEST(maximum_is_found_at_every_place) {
  for (size_t n = 1; n < 40; ++n) {
    for (size_t i = 0; i < n; ++i) {
      std::vector<float> values(n, -5);
      values[i] = -4;
      CHECK_EQ(max_of(values.data(), n), -4.0f);
    }
  }
}

TEST(penalties_as_documented) {
  std::vector<float> logits{2, -2, 2, -2, 1};
  const int32_t seen[] = {0, 1, 2, 3};
  const int32_t counts[] = {0, 0, 3, 1};
  qwq_sampling s{};
  s.seen_tokens = seen;
  s.seen_counts = counts;
  s.n_seen = 4;
  s.repetition_penalty = 2;
  s.frequency_penalty = 0.25f;
  s.presence_penalty = 0.5f;
  apply_penalties(s, logits.data());
  CHECK(logits == (std::vector<float>{1, -4, 1 - 0.75f - 0.5f, -4 - 0.25f - 0.5f, 1}));
}

TEST(mask_covers_every_id_and_padding) {
  constexpr int64_t kVocab = 100;
  for (const int64_t n_ids : {1, 31, 32, 33, 64, 97, 100}) {
    uint32_t mask[4];
    for (size_t i = 0; i < 4; ++i) mask[i] = static_cast<uint32_t>(counter_hash(kSeed, i));
    mask[1] = 0xffffffffu;
    std::vector<float> logits(kVocab, 1);
    apply_mask(mask, n_ids, kVocab, logits.data());
    for (int64_t id = 0; id < kVocab; ++id) {
      const bool allowed = id < n_ids && (mask[id / 32] >> (id % 32) & 1) != 0;
      CHECK_EQ(logits[static_cast<size_t>(id)], allowed ? 1.0f : -kInf);
    }
  }
}

QWQ_TEST_MAIN
