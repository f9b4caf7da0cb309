// The sampler as a whole, against a naive one in double precision that sorts everything.
#include "runtime/sampling.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "formats/random.h"
#include "tests/check.h"

using namespace qwq;

namespace {

constexpr uint64_t kSeed = 4711;
constexpr float kInf = std::numeric_limits<float>::infinity();

qwq_sampling defaults() {
  qwq_sampling s{};
  s.temperature = 1;
  s.top_p = 1;
  s.repetition_penalty = 1;
  s.seed = kSeed;
  return s;
}

std::vector<float> normal(uint64_t seed, size_t n, float stddev) {
  std::vector<float> values(n);
  fill_normal(seed, 0, stddev, values.data(), n);
  return values;
}

struct Sampler {
  explicit Sampler(std::vector<float> row, int64_t n_ids = 0)
      : logits(std::move(row)), n_token_ids(n_ids == 0 ? static_cast<int64_t>(logits.size()) : n_ids) {}

  bool run(const qwq_sampling& sampling, qwq_sampled* out) {
    const size_t n = logits.size();
    std::vector<float> adjusted(n);
    std::vector<int32_t> ids(n);
    std::vector<CandidateKey> selection(n);
    const LogitsRow row{logits.data(), static_cast<int64_t>(n), n_token_ids, log_softmax(logits.data(), n)};
    return sample(row, sampling, {adjusted.data(), ids.data(), selection.data()}, out);
  }

  int32_t token(const qwq_sampling& sampling) {
    qwq_sampled out{};
    CHECK(run(sampling, &out));
    return out.token;
  }

  std::vector<float> logits;
  int64_t n_token_ids;
};

// Probabilities of the tokens that can be drawn, by the definitions in qwq.h.
std::map<int32_t, double> naive(const Sampler& sampler, const qwq_sampling& s) {
  std::vector<double> l(sampler.logits.begin(), sampler.logits.end());
  for (int i = 0; i < s.n_bias; ++i) l[static_cast<size_t>(s.bias_tokens[i])] += s.bias_values[i];
  for (int i = 0; i < s.n_seen; ++i) {
    double& x = l[static_cast<size_t>(s.seen_tokens[i])];
    x = x > 0 ? x / s.repetition_penalty : x * s.repetition_penalty;
    if (s.seen_counts[i] > 0) x -= s.seen_counts[i] * s.frequency_penalty + s.presence_penalty;
  }
  std::vector<std::pair<double, int32_t>> order;  // (-logit, id): ascending = likeliest first, then lowest id
  for (int32_t id = 0; id < sampler.n_token_ids; ++id) {
    const bool allowed = s.allowed_mask == nullptr || (s.allowed_mask[id / 32] >> (id % 32) & 1) != 0;
    const double x = l[static_cast<size_t>(id)];
    if (allowed && x > -kInf) order.push_back({-x / s.temperature, id});
  }
  std::sort(order.begin(), order.end());
  const double max = -order[0].first;
  const auto weight = [&](size_t i) { return std::exp(-order[i].first - max); };
  size_t kept = order.size();
  while (weight(kept - 1) < s.min_p) --kept;
  if (s.top_k > 0) kept = std::min(kept, static_cast<size_t>(s.top_k));
  double total = 0;
  for (size_t i = 0; i < kept; ++i) total += weight(i);
  double sum = 0;
  for (size_t i = 0; i < kept; ++i) {
    sum += weight(i);
    if (sum >= s.top_p * total) kept = i + 1;
  }
  std::map<int32_t, double> result;
  total = 0;
  for (size_t i = 0; i < kept; ++i) total += weight(i);
  for (size_t i = 0; i < kept; ++i) result[order[i].second] = weight(i) / total;
  return result;
}

// Draws often and compares the counts with the naive distribution.
void check_distribution(Sampler& sampler, qwq_sampling s) {
  constexpr int kDraws = 20000;
  const std::map<int32_t, double> expected = naive(sampler, s);
  std::map<int32_t, int> counts;
  for (int i = 0; i < kDraws; ++i) {
    s.draw = static_cast<uint64_t>(i);
    ++counts[sampler.token(s)];
  }
  for (const auto& [id, count] : counts) {
    if (!expected.contains(id)) qwq::test::fail(__FILE__, __LINE__, "token ", id, " cannot be drawn");
  }
  double chi_square = 0;
  for (const auto& [id, p] : expected) {
    const double difference = counts[id] - kDraws * p;
    chi_square += difference * difference / (kDraws * p);
  }
  // Mean and variance of chi-square are k and 2k; five standard deviations.
  const double freedom = static_cast<double>(expected.size()) - 1;
  CHECK_NEAR(chi_square, freedom, 5 * std::sqrt(2 * freedom));
}

}  // namespace

TEST(greedy_takes_the_largest_and_of_equals_the_lowest) {
  Sampler sampler({1, 3, -2, 3, 0});
  qwq_sampling s = defaults();
  s.temperature = 0;
  CHECK_EQ(sampler.token(s), 1);
  Sampler zeros({-1, -0.0f, 0.0f, -0.0f});
  CHECK_EQ(zeros.token(s), 1);
}

TEST(draws_follow_the_distribution) {
  Sampler sampler(normal(kSeed, 12, 1.5f));
  check_distribution(sampler, defaults());
}

TEST(temperature) {
  Sampler sampler(normal(kSeed + 1, 12, 1));
  for (const float temperature : {0.3f, 0.6f, 1.7f}) {
    qwq_sampling s = defaults();
    s.temperature = temperature;
    check_distribution(sampler, s);
  }
}

TEST(filters_act_in_the_documented_order) {
  Sampler sampler(normal(kSeed + 2, 40, 1.2f), 37);
  for (const int32_t top_k : {0, 5, 20}) {
    for (const float top_p : {1.0f, 0.8f}) {
      for (const float min_p : {0.0f, 0.15f}) {
        qwq_sampling s = defaults();
        s.temperature = 0.8f;
        s.top_k = top_k;
        s.top_p = top_p;
        s.min_p = min_p;
        check_distribution(sampler, s);
      }
    }
  }
}

// top-p is a share of what min-p and top-k left, not of the whole: of {.5, .3, .2} top-k 2 leaves {.625,
// .375}, of which .6 is the first alone; a share of the whole would keep both.
TEST(top_p_is_relative_to_the_survivors_of_top_k) {
  Sampler sampler({std::log(0.5f), std::log(0.3f), std::log(0.2f)});
  qwq_sampling s = defaults();
  s.top_k = 2;
  s.top_p = 0.6f;
  for (uint64_t draw = 0; draw < 200; ++draw) {
    s.draw = draw;
    CHECK_EQ(sampler.token(s), 0);
  }
}

TEST(bias_penalties_and_mask_shape_the_distribution) {
  Sampler sampler(normal(kSeed + 3, 40, 1), 37);
  const int32_t seen[] = {3, 9, 11, 20};
  const int32_t counts[] = {0, 1, 4, 2};
  const int32_t bias_tokens[] = {5, 7, 9};
  const float bias_values[] = {1.5f, -kInf, -0.5f};
  const uint32_t mask[] = {0x7fffbfffu, 0xffffffffu};
  qwq_sampling s = defaults();
  s.seen_tokens = seen;
  s.seen_counts = counts;
  s.n_seen = 4;
  s.bias_tokens = bias_tokens;
  s.bias_values = bias_values;
  s.n_bias = 3;
  s.allowed_mask = mask;
  s.presence_penalty = 0.4f;
  s.frequency_penalty = 0.2f;
  s.repetition_penalty = 1.3f;
  CHECK(!naive(sampler, s).contains(7));
  CHECK(!naive(sampler, s).contains(14));
  CHECK(!naive(sampler, s).contains(38));
  check_distribution(sampler, s);
}

TEST(a_draw_depends_on_seed_and_index_only) {
  Sampler sampler(normal(kSeed + 4, 1000, 1));
  qwq_sampling s = defaults();
  int changed_by_seed = 0, changed_by_index = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    s.seed = kSeed;
    s.draw = i;
    const int32_t token = sampler.token(s);
    CHECK_EQ(sampler.token(s), token);
    s.draw = i + 1000;
    changed_by_index += sampler.token(s) != token ? 1 : 0;
    s.draw = i;
    s.seed = kSeed + 1;
    changed_by_seed += sampler.token(s) != token ? 1 : 0;
  }
  CHECK(changed_by_seed > 90);
  CHECK(changed_by_index > 90);
}

TEST(extreme_parameters_stay_defined) {
  std::vector<float> logits = normal(kSeed + 5, 5000, 3);
  const int32_t best = static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  Sampler sampler(std::move(logits));
  const auto with = [](auto change) {
    qwq_sampling s = defaults();
    change(s);
    return s;
  };
  CHECK_EQ(sampler.token(with([](auto& s) { s.top_p = 1e-30f; })), best);
  CHECK_EQ(sampler.token(with([](auto& s) { s.top_k = 1; })), best);
  CHECK_EQ(sampler.token(with([](auto& s) { s.min_p = 0.99999f; })), best);
  CHECK_EQ(sampler.token(with([](auto& s) { s.temperature = 1e-38f; })), best);
  sampler.token(with([](auto& s) { s.temperature = 3e38f; }));
  sampler.token(with([](auto& s) { s.top_p = 0.9999999f; }));
  sampler.token(with([](auto& s) { s.top_k = std::numeric_limits<int32_t>::max(); }));

  const int32_t seen[] = {best, 1, 2};
  const int32_t counts[] = {std::numeric_limits<int32_t>::max(), 1, 0};
  const float huge[] = {3e38f, 3e38f, -kInf};
  for (const float penalty : {3e38f, -3e38f}) {
    for (const float repetition : {1e-45f, 1.0f, 3e38f}) {
      const int32_t token = sampler.token(with([&](auto& s) {
        s.seen_tokens = seen;
        s.seen_counts = counts;
        s.n_seen = 3;
        s.bias_tokens = seen;
        s.bias_values = huge;
        s.n_bias = 3;
        s.presence_penalty = s.frequency_penalty = penalty;
        s.repetition_penalty = repetition;
      }));
      CHECK(token >= 0 && token < 5000 && token != 2);
    }
  }
}

TEST(equal_logits_are_all_drawn) {
  Sampler sampler(std::vector<float>(7, 2.5f));
  check_distribution(sampler, defaults());
}

TEST(nothing_allowed_is_reported) {
  Sampler sampler(normal(kSeed, 40, 1), 33);
  const uint32_t mask[] = {0, 0xfffffffeu};  // padding only
  for (const float temperature : {0.0f, 1.0f}) {
    qwq_sampling s = defaults();
    s.temperature = temperature;
    s.allowed_mask = mask;
    qwq_sampled out;
    CHECK(!sampler.run(s, &out));
  }
}

TEST(padding_is_never_drawn) {
  std::vector<float> logits(100, 0);
  std::fill(logits.begin() + 90, logits.end(), 50.0f);
  Sampler sampler(logits, 90);
  qwq_sampling s = defaults();
  s.n_top_logprobs = 5;
  for (const float temperature : {0.0f, 1.0f}) {
    s.temperature = temperature;
    qwq_sampled out{};
    CHECK(sampler.run(s, &out));
    CHECK(out.token < 90);
    for (int i = 0; i < out.n_top; ++i) CHECK(out.top_tokens[i] < 90);
  }
}

TEST(log_probabilities_are_those_of_the_raw_logits) {
  for (const size_t n : {1, 7, 8, 1000, 152064}) {
    std::vector<float> logits = normal(kSeed + n, n, 4);
    if (n > 500) logits[500] = logits[300] = 30;  // a tie at the top
    double sum = 0;
    for (const float l : logits) sum += std::exp(static_cast<double>(l));
    const double log_sum = std::log(sum);
    // 2^-21 of the log-sum-exp and the rounding of the result to f32.
    const auto tolerance = [](double expected) { return 0x1p-21 + std::fabs(expected) * 0x1p-24; };

    Sampler sampler(logits);
    const int32_t bias_token = 0;
    const float bias_value = 60;
    qwq_sampling s = defaults();
    s.temperature = 0.5f;
    s.bias_tokens = &bias_token;
    s.bias_values = &bias_value;
    s.n_bias = 1;
    s.n_top_logprobs = QWQ_MAX_TOP_LOGPROBS;
    qwq_sampled out{};
    CHECK(sampler.run(s, &out));
    const double logprob = logits[static_cast<size_t>(out.token)] - log_sum;
    CHECK_NEAR(out.logprob, logprob, tolerance(logprob));

    std::vector<int32_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)];
    });
    CHECK_EQ(out.n_top, static_cast<int32_t>(std::min<size_t>(n, QWQ_MAX_TOP_LOGPROBS)));
    for (int i = 0; i < out.n_top; ++i) {
      CHECK_EQ(out.top_tokens[i], order[static_cast<size_t>(i)]);
      const double expected = logits[static_cast<size_t>(out.top_tokens[i])] - log_sum;
      CHECK_NEAR(out.top_logprobs[i], expected, tolerance(expected));
    }
  }
}

QWQ_TEST_MAIN
