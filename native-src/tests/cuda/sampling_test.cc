// Sampling on the device gives what runtime/sampling.h gives, to the bit: kinds of logits, vocabularies and
// parameters against each other.
#include <algorithm>
#include <functional>

#include "tests/cuda/sampling_testing.h"

namespace qwq::test {
namespace {

// ---------------------------------------------------------------- logits

struct Kind {
  const char* name;
  std::function<std::vector<float>(uint64_t seed, size_t n)> make;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"normal", [](uint64_t seed, size_t n) { return normal(n, seed, 3); }},
      {"flat", [](uint64_t seed, size_t n) { return normal(n, seed, 0.02f); }},
      {"peaked",
       [](uint64_t seed, size_t n) {
         std::vector<float> values = normal(n, seed, 1);
         for (size_t i = 0; i < 4; ++i) values[counter_hash(seed, i) % n] += 12;
         return values;
       }},
      {"equal", [](uint64_t, size_t n) { return std::vector<float>(n, -1.25f); }},
      {"many equal",
       [](uint64_t seed, size_t n) {
         std::vector<float> values = normal(n, seed, 1);
         for (float& value : values) value = std::round(value);
         return values;
       }},
      {"zeros of both signs",
       [](uint64_t seed, size_t n) {
         std::vector<float> values(n);
         for (size_t i = 0; i < n; ++i) values[i] = (counter_hash(seed, i) & 1) != 0 ? 0.0f : -0.0f;
         return values;
       }},
      // The largest swallows what tells the others apart: equal scores, different logits.
      {"huge", [](uint64_t seed, size_t n) { return normal(n, seed, 5e37f); }},
      {"one far above",
       [](uint64_t seed, size_t n) {
         std::vector<float> values = normal(n, seed, 1e-3f);
         values[n / 2] = 1e6f;
         return values;
       }},
      {"subnormal", [](uint64_t seed, size_t n) { return normal(n, seed, 1e-42f); }},
  };
  return all;
}

// ---------------------------------------------------------------- parameters

struct Setting {
  const char* name;
  std::function<void(SampledRow&)> set;
};

// Every third id seen, every seventh biased, a mask that leaves about a half; the likeliest are among each.
void add_lists(SampledRow& row) {
  const int32_t n = static_cast<int32_t>(row.logits.size());
  for (int32_t id = n - 1; id >= 0; id -= 3) {
    row.seen_tokens.push_back(id);
    row.seen_counts.push_back(id % 5);
  }
  for (int32_t id = 0; id < n; id += 7) {
    row.bias_tokens.push_back(id);
    row.bias_values.push_back(id % 2 == 0 ? 0.75f : id % 3 == 0 ? -kInf : -1.5f);
  }
}

void add_mask(SampledRow& row) {
  row.mask.resize((row.logits.size() + 31) / 32);
  for (size_t i = 0; i < row.mask.size(); ++i)
    row.mask[i] = static_cast<uint32_t>(counter_hash(kSeed, i)) | 1u;
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = {
      {"as QwQ recommends",
       [](SampledRow& r) {
         r.sampling.temperature = 0.6f;
         r.sampling.top_k = 40;
         r.sampling.top_p = 0.95f;
       }},
      {"temperature", [](SampledRow& r) { r.sampling.temperature = 0.8f; }},
      {"top-p", [](SampledRow& r) { r.sampling.top_p = 0.9f; }},
      {"nearly all of top-p",
       [](SampledRow& r) {
         r.sampling.top_p = 0.9999999f;
         r.sampling.temperature = 1.5f;
       }},
      {"little of top-p", [](SampledRow& r) { r.sampling.top_p = 1e-30f; }},
      {"min-p and top-p",
       [](SampledRow& r) {
         r.sampling.min_p = 0.02f;
         r.sampling.top_p = 0.8f;
       }},
      {"large top-k",
       [](SampledRow& r) {
         r.sampling.top_k = static_cast<int32_t>(r.logits.size() * 9 / 10 + 1);
         r.sampling.top_p = 0.97f;
         r.sampling.temperature = 2;
       }},
      {"greedy with top log-probabilities",
       [](SampledRow& r) {
         r.sampling.temperature = 0;
         r.sampling.n_top_logprobs = QWQ_MAX_TOP_LOGPROBS;
         r.sampling.top_p = 0.5f;  // of no effect
         r.target = static_cast<int32_t>(r.logits.size() / 3);
       }},
      {"penalties and bias",
       [](SampledRow& r) {
         add_lists(r);
         r.sampling.repetition_penalty = 1.1f;
         r.sampling.frequency_penalty = 0.3f;
         r.sampling.presence_penalty = 0.5f;
         r.sampling.top_k = 20;
         r.sampling.n_top_logprobs = 3;
       }},
      {"everything",
       [](SampledRow& r) {
         add_lists(r);
         add_mask(r);
         r.sampling.repetition_penalty = 0.9f;
         r.sampling.frequency_penalty = -0.3f;
         r.sampling.presence_penalty = 0.5f;
         r.sampling.temperature = 0.7f;
         r.sampling.min_p = 1e-4f;
         r.sampling.top_k = 30;
         r.sampling.top_p = 0.9f;
         r.sampling.n_top_logprobs = 5;
         r.target = 0;
       }},
      {"huge edits",
       [](SampledRow& r) {
         add_lists(r);
         for (float& value : r.bias_values) value = value > 0 ? 3e38f : value;
         r.sampling.repetition_penalty = 3e38f;
         r.sampling.frequency_penalty = -3e38f;
         r.sampling.top_p = 0.7f;
       }},
      {"cold", [](SampledRow& r) { r.sampling.temperature = 1e-40f; }},
      {"hot", [](SampledRow& r) { r.sampling.temperature = 3e38f; }},
      {"a target only",
       [](SampledRow& r) {
         r.sampled = false;
         r.target = static_cast<int32_t>(r.logits.size()) - 1;
       }},
      {"raw logits only", [](SampledRow& r) { r.sampled = false; }},
  };
  return all;
}

SampledRow row_of(const Kind& kind, const Setting& setting, uint64_t seed, size_t n) {
  SampledRow row(kind.make(seed, n));
  setting.set(row);
  row.sampling.seed = kSeed;
  row.sampling.draw = seed;
  row.point();
  return row;
}

// All settings, each with a kind of logits, in one step.
std::vector<SampledRow> mixed_rows(uint64_t seed, size_t n) {
  std::vector<SampledRow> rows;
  for (size_t i = 0; i < settings().size(); ++i) {
    rows.push_back(row_of(kinds()[(i + seed) % kinds().size()], settings()[i], seed * 100 + i, n));
  }
  return rows;
}

}  // namespace

// Every setting meets every kind of logits in two vocabularies, and some in the others.
TEST(all_settings_with_all_kinds_of_logits) {
  for (const int64_t n : {1, 31, 32, 33, 257}) {
    const uint64_t step = n == 33 || n == 257 ? 1 : 4;
    for (uint64_t round = 0; round < kinds().size(); round += step) {
      check_rows(kSeed + round, mixed_rows(round, static_cast<size_t>(n)), n,
                 "vocabulary of " + std::to_string(n));
    }
  }
}

TEST(several_slices) {
  for (uint64_t round = 0; round < kinds().size(); round += 2) {
    check_rows(kSeed + round, mixed_rows(round, 5000), 5000, "vocabulary of 5000");
  }
}

// More candidates than a list holds, and padding.
TEST(a_large_vocabulary) {
  const size_t n = 20011;
  std::vector<SampledRow> rows;
  for (const size_t setting : {0, 2, 3, 6, 9}) {
    for (const size_t kind : {0, 1, 4})
      rows.push_back(row_of(kinds()[kind], settings()[setting], setting, n));
  }
  for (SampledRow& row : rows) std::fill(row.logits.end() - 11, row.logits.end(), 40.0f);
  check_rows(kSeed, rows, static_cast<int64_t>(n - 11), "a large vocabulary");
}

TEST(the_vocabulary_of_qwq) {
  std::vector<SampledRow> rows;
  for (const size_t setting : {0, 2})
    rows.push_back(row_of(kinds()[0], settings()[setting], setting, 152064));
  check_rows(kSeed, rows, 151669, "the vocabulary of QwQ");
}

TEST(many_draws) {
  for (const size_t setting : {0, 1, 2, 5}) {
    std::vector<SampledRow> rows;
    for (uint64_t i = 0; i < 60; ++i) {
      rows.push_back(row_of(kinds()[i % 3], settings()[setting], i / 3, 257));
      rows.back().sampling.seed = i;
      rows.back().sampling.draw = i << 30;
    }
    check_rows(kSeed + setting, rows, 250, settings()[setting].name);
  }
}

// A unit of weight more or less is another token: each candidate's first and last unit are drawn.
TEST(draws_are_exact_at_the_ends_of_shares) {
  const size_t n = 24;
  SampledRow row(normal(n, 1, 2));
  row.logits[5] = -60;  // of no weight
  row.sampling.temperature = 0.7f;
  row.point();
  const float max = *std::max_element(row.logits.begin(), row.logits.end());
  std::vector<qwq::Weight> weights;
  qwq::Weight total = 0;
  for (const float logit : row.logits) {
    weights.push_back(score_weight((logit - max) / 0.7f));
    total += weights.back();
  }
  // The smallest number of which the share is at least `unit`.
  const auto random_of = [&](qwq::Weight unit) {
    __extension__ using Product = unsigned __int128;
    return static_cast<uint64_t>(((static_cast<Product>(unit) << 64) + total - 1) / total);
  };
  std::vector<SampledRow> rows;
  std::vector<uint64_t> draws;
  std::vector<int32_t> expected;
  qwq::Weight before = 0;
  for (size_t id = 0; id < n; ++id) {
    const qwq::Weight weight = weights[id];
    for (const qwq::Weight unit : {before, before + weight - 1}) {
      if (weight == 0) continue;
      CHECK_EQ(share_below(total, random_of(unit)), unit);
      SampledRow copy(row.logits);
      copy.sampling = row.sampling;
      rows.push_back(std::move(copy));
      draws.push_back(random_of(unit));
      expected.push_back(static_cast<int32_t>(id));
    }
    before += weight;
  }
  cuda::Stream stream(kSeed);
  DeviceSampler device(static_cast<int64_t>(rows.size()), n, n,
                       cuda::SamplePacker::rows_bytes(static_cast<int64_t>(rows.size())));
  device.set(rows);
  for (size_t i = 0; i < rows.size(); ++i) device.row(i).random = draws[i];
  device.run(stream);
  for (size_t i = 0; i < rows.size(); ++i) CHECK_EQ(device.result(i).token, expected[i]);
}

// Descending, in pairs of equals: the likeliest k are ids 0 .. k - 1, and with the largest random number it
// is k - 1 that is drawn.
std::vector<float> descending(size_t n) {
  std::vector<float> logits;
  for (size_t i = 0; i < n; ++i) logits.push_back(-0.37f * static_cast<float>(i / 2));
  return logits;
}

// The fewest that reach p: with p exactly what the likeliest k weigh it is k, with a unit more k + 1. The
// same when top-k has chosen from more, of which no weight counts.
TEST(top_p_is_exact) {
  const size_t n = 16;
  const std::vector<float> logits = descending(n + 10);
  std::vector<qwq::Weight> up_to;
  qwq::Weight total = 0;
  for (size_t i = 0; i < n; ++i) up_to.push_back(total += score_weight(logits[i]));
  std::vector<SampledRow> rows;
  std::vector<uint64_t> top_p;
  std::vector<int32_t> expected;
  for (size_t k = 1; k < n; ++k) {
    __extension__ using Product = unsigned __int128;
    // The largest of which the share, rounded up, is what k weigh; and the next.
    const uint64_t p = static_cast<uint64_t>((static_cast<Product>(up_to[k - 1]) << 64) / total);
    CHECK_EQ(share_above(total, p), up_to[k - 1]);
    CHECK_EQ(share_above(total, p + 1), up_to[k - 1] + 1);
    for (const bool after_top_k : {false, true}) {
      for (const size_t more : {0, 1}) {
        rows.emplace_back(logits);
        rows.back().sampling.top_p = 0.5f;
        if (after_top_k) {
          rows.back().sampling.top_k = static_cast<int32_t>(n);
        } else {
          std::fill(rows.back().logits.begin() + n, rows.back().logits.end(), -100.0f);  // of no weight
        }
        top_p.push_back(p + more);
        expected.push_back(static_cast<int32_t>(k - 1 + more));
      }
    }
  }
  const int64_t n_rows = static_cast<int64_t>(rows.size());
  const int64_t n_ids = static_cast<int64_t>(logits.size());
  DeviceSampler device(n_rows, n_ids, n_ids, cuda::SamplePacker::rows_bytes(n_rows));
  device.set(rows);
  for (size_t i = 0; i < rows.size(); ++i) {
    device.row(i).top_p = top_p[i];
    device.row(i).random = ~uint64_t{0};
  }
  cuda::Stream stream(kSeed);
  device.run(stream);
  for (size_t i = 0; i < rows.size(); ++i) CHECK_EQ(device.result(i).token, expected[i]);
}

// A score that is exactly the least one stays.
TEST(min_p_is_exact) {
  const size_t n = 16;
  std::vector<SampledRow> rows;
  for (size_t i = 0; i < n; ++i) rows.emplace_back(descending(n));
  DeviceSampler device(n, n, n, cuda::SamplePacker::rows_bytes(n));
  device.set(rows);
  for (size_t i = 0; i < n; ++i) {
    device.row(i).least_score = rows[i].logits[i];
    device.row(i).random = ~uint64_t{0};
  }
  cuda::Stream stream(kSeed);
  device.run(stream);
  for (size_t i = 0; i < n; ++i) CHECK_EQ(device.result(i).token, static_cast<int32_t>(i | 1));
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
