// The whole decoder: against a double-precision implementation, and against itself under everything that must
// not change a bit: chunking, batch mates, threads.
#include <algorithm>
#include <memory>
#include <numeric>
#include <thread>

#include "kernels/affinity.h"
#include "tests/oracle.h"
#include "tests/test_model.h"

using namespace qwq::test;

namespace {

constexpr uint64_t kSeed = 20250306;

std::vector<int32_t> some_tokens(int32_t n, int32_t vocab, uint64_t salt = 0) {
  std::vector<int32_t> tokens;
  uint64_t state = kSeed + salt;
  for (int32_t i = 0; i < n; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    tokens.push_back(static_cast<int32_t>((state >> 33) % static_cast<uint64_t>(vocab)));
  }
  return tokens;
}

// Blocks in an order of their own (count 8 or 12), so that a mix-up of blocks cannot go unseen.
std::vector<int32_t> blocks(int32_t first, int32_t count) {
  std::vector<int32_t> table;
  for (int32_t i = 0; i < count; ++i) table.push_back(first + (i * 5 + 1) % count);
  return table;
}

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  const auto add = [&](const char* name, auto change) {
    Shape shape{name};
    change(shape);
    all.push_back(shape);
  };
  add("gqa", [](Shape&) {});
  add("mha", [](Shape& s) { s.n_kv_heads = 4; });
  add("mqa, odd sizes", [](Shape& s) {
    s.n_heads = 3, s.n_kv_heads = 1, s.head_dim = 14, s.hidden = 37, s.intermediate = 71, s.vocab = 53;
  });
  add("head of 2", [](Shape& s) { s.head_dim = 2; });
  add("tied, no bias", [](Shape& s) { s.tied = true, s.bias = false; });
  add("yarn", [](Shape& s) { s.yarn = true, s.head_dim = 16; });
  add("one layer, no padding", [](Shape& s) { s.n_layers = 1, s.n_token_ids = s.vocab; });
  const auto format = [&](const char* name, int32_t dtype, int32_t size) {
    add(name, [=](Shape& s) {
      s.dtype = dtype, s.hidden = size, s.intermediate = 2 * size, s.head_dim = size / s.n_heads;
    });
  };
  format("F16", QWQ_F16, 24);
  format("BF16", QWQ_BF16, 24);
  format("Q8_0", QWQ_Q8_0, 64);
  format("Q5_0", QWQ_Q5_0, 64);
  format("Q5_1", QWQ_Q5_1, 64);
  format("Q4_0", QWQ_Q4_0, 64);
  format("Q4_1", QWQ_Q4_1, 64);
  format("IQ4_NL", QWQ_IQ4_NL, 64);
  format("Q2_K", QWQ_Q2_K, 256);
  format("Q3_K", QWQ_Q3_K, 256);
  format("Q4_K", QWQ_Q4_K, 256);
  format("Q5_K", QWQ_Q5_K, 256);
  format("Q6_K", QWQ_Q6_K, 256);
  format("IQ4_XS", QWQ_IQ4_XS, 256);
  return all;
}

bool is_quantised(int32_t dtype) { return dtype != QWQ_F32 && dtype != QWQ_F16 && dtype != QWQ_BF16; }

double rms(const std::vector<double>& values) {
  const double squares = std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

// Root mean square of the difference, relative to that of the expectation.
double relative_error(const std::vector<float>& actual, const std::vector<std::vector<double>>& expected) {
  std::vector<double> all, difference;
  for (const std::vector<double>& row : expected) all.insert(all.end(), row.begin(), row.end());
  CHECK_EQ(actual.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) difference.push_back(actual[i] - all[i]);
  return rms(difference) / rms(all);
}

// Of relative_error. The reference accumulates in double and keeps K and V in f32: what is left are the
// roundings of operators' results to f32, 2^-24 each, a dozen in a row in every layer, and those of
// embedding, final norm and lm_head; added up as if all had the same sign.
//
// With K and V in f16 the cpu backend attends in f32: they may fall to the other side of a rounding than
// those of an oracle that keeps f16, by 2^-11; as a bound, as if every one of a layer did. With i16:
// integer_rounding.
//
// The activations of quantised models are rounded to int8 for every product, in steps of
// 1/127 of the largest of 32: an error of step / sqrt(12), relative to their root mean square, where the
// largest is at most 4 of these (2.1 for normal values, more behind silu). Four such roundings a layer and
// one before lm_head are independent of each other, and norms and residuals do not enlarge them.
//
// Matrix units round activations and weights of prompts to bf16, by up to 2^-8 of them, evenly: 2^-8 /
// sqrt(3) as root mean square at most; again independent.
bool on_tiles(const BackendChoice& backend, const Shape& shape, int32_t role) {
  return backend.name() == "amx" && role == QWQ_ROLE_PROMPT &&
         (is_quantised(shape.dtype) || shape.dtype == QWQ_BF16);
}
// Attention in i16 rounds queries, keys and values evenly, in steps of at most 1/32767 of their length, which
// is sqrt(head_dim / 12) steps of error, and the weights of n_tokens values in steps of 1/32767 of their sum.
// In every layer, independent of each other.
double integer_rounding(const Shape& shape, int n_tokens) {
  return std::sqrt(shape.n_layers * (3.0 * shape.head_dim + n_tokens) / 12) / 32767;
}

double tolerance(const BackendChoice& backend, const Shape& shape, int32_t role, int32_t kv_type,
                 int n_tokens) {
  if (backend.backend == QWQ_BACKEND_REFERENCE) return (12 * shape.n_layers + 4) * 0x1p-24;
  if (on_tiles(backend, shape, role)) return std::sqrt(2 * (4.0 * shape.n_layers + 1) / 3) * 0x1p-8;
  if (is_quantised(shape.dtype)) return std::sqrt(4.0 * shape.n_layers + 1) * 4 / (127 * std::sqrt(12.0));
  return kv_type == QWQ_KV_F16 ? 0x1p-11 : integer_rounding(shape, n_tokens);
}

// Bits of the logits after every token, prefilled in the given chunks.
std::vector<float> prefill(TestEngine& engine, const std::vector<int32_t>& tokens, int32_t chunk,
                           int32_t role) {
  std::vector<float> logits;
  for (size_t first = 0; first < tokens.size(); first += static_cast<size_t>(chunk)) {
    const size_t last = std::min(tokens.size(), first + static_cast<size_t>(chunk));
    TestRun run(
        {tokens.begin() + static_cast<ptrdiff_t>(first), tokens.begin() + static_cast<ptrdiff_t>(last)},
        blocks(0, 12), static_cast<int32_t>(first), role, engine.vocab);
    step(engine, {&run});
    logits.insert(logits.end(), run.logits.begin(), run.logits.end());
  }
  return logits;
}

}  // namespace

TEST(matches_the_double_precision_decoder) {
  for (const Shape& shape : shapes()) {
    TestModel model(shape, kSeed);
    const std::vector<int32_t> tokens = some_tokens(21, shape.vocab);
    const auto exact = Oracle(model, false).logits(tokens);
    const auto with_f16_cache = Oracle(model, true).logits(tokens);
    for (const BackendChoice& backend : usable_backends()) {
      for (const int32_t kv_type : {QWQ_KV_F16, QWQ_KV_I16}) {
        const bool keeps_f16 = backend.backend != QWQ_BACKEND_REFERENCE && kv_type == QWQ_KV_F16;
        TestEngine engine(model, engine_config(backend, 2, kv_type));
        for (const int32_t role : {QWQ_ROLE_PROMPT, QWQ_ROLE_GENERATED}) {
          const double error =
              relative_error(prefill(engine, tokens, 21, role), keeps_f16 ? with_f16_cache : exact);
          const double most = tolerance(backend, shape, role, kv_type, 21);
          if (!(error <= most)) {
            fail(__FILE__, __LINE__, shape.name, " on ", backend.name(), ", role ", role, ", KV type ",
                 kv_type, ": relative error ", error, ", expected at most ", most, " (seed ", kSeed, ")");
          }
        }
      }
    }
  }
}

// Quantised models say the same on every instruction set that has a fused multiply-add, but for prompts on
// matrix units.
TEST(quantised_models_give_the_same_bits_on_all_fused_variants) {
  for (const Shape& shape : shapes()) {
    if (!is_quantised(shape.dtype)) continue;
    TestModel model(shape, kSeed + 2);
    const std::vector<int32_t> tokens = some_tokens(41, shape.vocab);
    for (const int32_t role : {QWQ_ROLE_PROMPT, QWQ_ROLE_GENERATED}) {
      std::vector<float> first;
      for (const BackendChoice& backend : usable_backends()) {
        if (backend.backend == QWQ_BACKEND_REFERENCE || backend.name() == "generic") continue;
        if (on_tiles(backend, shape, role)) continue;
        TestEngine engine(model, backend, 2);
        const std::vector<float> logits = prefill(engine, tokens, 41, role);
        if (first.empty()) first = logits;
        if (logits != first) {
          fail(__FILE__, __LINE__, shape.name, " on ", backend.name(), ", role ", role, ": other bits (seed ",
               kSeed, ")");
        }
      }
    }
  }
}

TEST(chunks_change_no_bit) {
  for (const Shape& shape : shapes()) {
    TestModel model(shape, kSeed + 1);
    const std::vector<int32_t> tokens = some_tokens(41, shape.vocab);
    for (const BackendChoice& backend : usable_backends()) {
      TestEngine engine(model, backend, 2);
      for (const int32_t role : {QWQ_ROLE_PROMPT, QWQ_ROLE_GENERATED}) {
        const std::vector<float> whole = prefill(engine, tokens, 41, role);
        for (const int32_t chunk : {1, 2, 7, 8, 16, 33}) {
          if (prefill(engine, tokens, chunk, role) != whole) {
            fail(__FILE__, __LINE__, shape.name, " on ", backend.name(), ", role ", role, ": chunks of ",
                 chunk, " differ from the whole");
          }
        }
      }
    }
  }
}

TEST(threads_change_no_bit) {
  for (const Shape& shape : shapes()) {
    TestModel model(shape, kSeed + 2);
    const std::vector<int32_t> tokens = some_tokens(29, shape.vocab);
    for (const BackendChoice& backend : usable_backends()) {
      for (const int32_t role : {QWQ_ROLE_PROMPT, QWQ_ROLE_GENERATED}) {
        TestEngine one(model, backend, 1);
        const std::vector<float> expected = prefill(one, tokens, 29, role);
        for (const int32_t n_threads : {2, 3, 4}) {
          TestEngine engine(model, backend, n_threads);
          if (prefill(engine, tokens, 29, role) != expected) {
            fail(__FILE__, __LINE__, shape.name, " on ", backend.name(), ", role ", role, ": ", n_threads,
                 " threads differ from one");
          }
        }
      }
    }
  }
}

// K and V of a q8_0 cache are off by step / sqrt(12), the step 1/127 of the largest of 32, which is at most 4
// times their root mean square; those of an f16 cache by up to 2^-11 of them. Two such roundings a layer;
// softmax averages those of V, norms and residuals enlarge none.
TEST(a_cache_of_any_type_is_near_the_oracle_and_changes_no_bit_with_chunks_or_threads) {
  Shape shape{"cache"};
  shape.head_dim = 32;
  TestModel model(shape, kSeed + 5);
  const std::vector<int32_t> tokens = some_tokens(70, shape.vocab);
  const std::vector<std::vector<double>> oracle = Oracle(model, false).logits(tokens);
  const double roundings = std::sqrt(2.0 * shape.n_layers);
  const std::pair<int32_t, double> bounds[] = {{QWQ_KV_F16, roundings * 0x1p-11},
                                               {QWQ_KV_I16, integer_rounding(shape, 70)},
                                               {QWQ_KV_Q8_0, roundings * 4 / (127 * std::sqrt(12.0))}};
  for (const BackendChoice& backend : usable_backends()) {
    std::vector<std::vector<float>> of_types;
    for (const auto& [kv_type, bound] : bounds) {
      std::vector<float> first;
      for (const int32_t n_threads : {1, 2, 4}) {
        TestEngine engine(model, engine_config(backend, n_threads, kv_type));
        for (const int32_t chunk : {70, 1, 13}) {
          const std::vector<float> logits = prefill(engine, tokens, chunk, QWQ_ROLE_PROMPT);
          if (first.empty()) {
            first = logits;
            CHECK_NEAR(relative_error(logits, oracle), 0, bound);
          }
          CHECK(logits == first);
        }
      }
      of_types.push_back(first);
    }
    CHECK(of_types[2] != of_types[0]);
    CHECK(of_types[2] != of_types[1]);
    // The reference keeps f32 for both.
    CHECK((of_types[1] == of_types[0]) == (backend.backend == QWQ_BACKEND_REFERENCE));
  }
}

TEST(a_pinned_engine_steps_on_one_processor_with_the_same_bits) {
  TestModel model(Shape{"pinned"}, kSeed + 6);
  const std::vector<int32_t> tokens = some_tokens(29, model.shape.vocab);
  qwq_engine_config config = engine_config({QWQ_BACKEND_CPU, ""}, 2);
  TestEngine free(model, config);
  const std::vector<float> expected = prefill(free, tokens, 29, QWQ_ROLE_PROMPT);
  config.pin_threads = 1;
  std::vector<float> logits;
  std::vector<int> processors;
  std::thread([&] {  // of its own, so that the binding ends with it
    TestEngine engine(model, config);
    logits = prefill(engine, tokens, 29, QWQ_ROLE_PROMPT);
    processors = qwq::allowed_processors();
  })
      .join();
  CHECK(logits == expected);
  const size_t allowed = qwq::allowed_processors().size();
  CHECK_EQ(processors.size(), allowed >= 2 ? size_t{1} : allowed);
}

// Five sequences of both roles, mixed, some with a past: each gets the bits it gets alone.
TEST(batch_mates_change_no_bit) {
  for (const Shape& shape : shapes()) {
    TestModel model(shape, kSeed + 3);
    for (const BackendChoice& backend : usable_backends()) {
      struct Plan {
        int32_t past, n_tokens, role;
      };
      const Plan plans[] = {{0, 9, QWQ_ROLE_PROMPT},
                            {13, 1, QWQ_ROLE_GENERATED},
                            {16, 17, QWQ_ROLE_PROMPT},
                            {7, 3, QWQ_ROLE_GENERATED},
                            {5, 1, QWQ_ROLE_PROMPT}};
      constexpr int kRuns = 5;
      std::vector<std::vector<float>> together(kRuns), alone(kRuns);
      for (const bool in_one_batch : {true, false}) {
        TestEngine engine(model, backend, 2);
        std::vector<std::unique_ptr<TestRun>> runs;
        for (int i = 0; i < kRuns; ++i) {
          const Plan& plan = plans[i];
          const uint64_t salt = static_cast<uint64_t>(i);
          const std::vector<int32_t> table = blocks(i * 8, 8);
          if (plan.past > 0) {
            TestRun past(some_tokens(plan.past, shape.vocab, salt), table, 0, QWQ_ROLE_PROMPT, shape.vocab);
            step(engine, {&past});
          }
          runs.push_back(std::make_unique<TestRun>(some_tokens(plan.n_tokens, shape.vocab, salt + 100), table,
                                                   plan.past, plan.role, shape.vocab));
        }
        std::vector<TestRun*> all;
        for (const auto& run : runs) all.push_back(run.get());
        if (in_one_batch) {
          step(engine, all);
        } else {
          for (TestRun* run : all) step(engine, {run});
        }
        for (size_t i = 0; i < kRuns; ++i) (in_one_batch ? together : alone)[i] = runs[i]->logits;
      }
      for (int i = 0; i < kRuns; ++i) {
        if (together[static_cast<size_t>(i)] != alone[static_cast<size_t>(i)]) {
          fail(__FILE__, __LINE__, shape.name, " on ", backend.name(), ": sequence ", i,
               " depends on its mates");
        }
      }
    }
  }
}

QWQ_TEST_MAIN
