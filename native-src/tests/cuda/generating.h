// Sequences that generate tokens together, for comparing engines.
#pragma once

#include <memory>

#include "tests/cuda/device_testing.h"
#include "tests/test_model.h"

namespace qwq::test {

inline constexpr int32_t kLayers = 3;

inline struct Shape small_shape() {
  struct Shape shape{"Q8_0"};
  shape.dtype = QWQ_Q8_0;
  shape.n_layers = kLayers;
  shape.hidden = 64;
  shape.intermediate = 128;
  shape.head_dim = 64 / shape.n_heads;
  return shape;
}

inline std::vector<int32_t> some_tokens(int32_t n, int32_t vocab, uint64_t salt) {
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < n; ++i) {
    tokens.push_back(static_cast<int32_t>(counter_hash(kSeed + salt, static_cast<uint64_t>(i)) %
                                          static_cast<uint64_t>(vocab)));
  }
  return tokens;
}

// Sequence i of a batch: a past of some tokens, and then one token a step.
inline std::vector<int32_t> table_of(int32_t i) { return {4 * i + 1, 4 * i + 3, 4 * i, 4 * i + 2}; }
inline int32_t past_of(int32_t i) { return 1 + 5 * i % 17; }

// Logits of `steps` steps in which n sequences generate a token each.
inline std::vector<float> generate(TestEngine& engine, int32_t n, int32_t steps) {
  std::vector<float> logits;
  for (int32_t i = 0; i < n; ++i) {
    TestRun past(some_tokens(past_of(i), engine.vocab, static_cast<uint64_t>(i)), table_of(i), 0,
                 QWQ_ROLE_GENERATED, engine.vocab);
    step(engine, {&past});
  }
  for (int32_t s = 0; s < steps; ++s) {
    std::vector<std::unique_ptr<TestRun>> runs;
    std::vector<TestRun*> all;
    for (int32_t i = 0; i < n; ++i) {
      runs.push_back(
          std::make_unique<TestRun>(some_tokens(1, engine.vocab, static_cast<uint64_t>(100 * s + i)),
                                    table_of(i), past_of(i) + s, QWQ_ROLE_GENERATED, engine.vocab));
      all.push_back(runs.back().get());
    }
    step(engine, all);
    for (const auto& run : runs) logits.insert(logits.end(), run->logits.begin(), run->logits.end());
  }
  return logits;
}

}  // namespace qwq::test
