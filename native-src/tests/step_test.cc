// qwq_step: what a batch may ask for, what it may not, and how it stops.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <thread>

#include "tests/guarded.h"
#include "tests/oracle.h"
#include "tests/test_model.h"

using namespace qwq::test;

namespace {

constexpr uint64_t kSeed = 77;
const BackendChoice kReference{QWQ_BACKEND_REFERENCE, ""};

qwq_sampling greedy() {
  qwq_sampling s{};
  s.top_p = 1;
  s.repetition_penalty = 1;
  return s;
}

struct Batch {
  explicit Batch(std::vector<qwq_sequence> runs) : sequences(std::move(runs)) {
    view.sequences = sequences.data();
    view.n_sequences = static_cast<int32_t>(sequences.size());
  }
  std::vector<qwq_sequence> sequences;
  qwq_batch view{};
};

// Two well-formed sequences, damaged in one place.
void expect_bad_batch(const std::function<void(Batch&)>& damage, const char* expected_text) {
  TestModel model(Shape{"step"}, kSeed);
  TestEngine engine(model, kReference, 1);
  TestRun first({1, 2, 3}, {0, 1}, 0, QWQ_ROLE_PROMPT, model.shape.vocab);
  TestRun second({4, 5}, {2, 3}, 16, QWQ_ROLE_GENERATED, model.shape.vocab);
  Batch batch({first.view, second.view});
  damage(batch);
  qwq_error error{};
  const int32_t status = qwq_step(engine.handle, &batch.view, &error);
  if (status != QWQ_INVALID_ARGUMENT || std::strstr(error.message, expected_text) == nullptr) {
    fail(__FILE__, __LINE__, "expected \"", expected_text, "\", found ", status, " \"", error.message, "\"");
  }
  // The engine serves on.
  step(engine, {&first, &second});
}

void expect_bad_sampling(const std::function<void(qwq_sampling&)>& damage, const char* expected_text) {
  qwq_sampling sampling = greedy();
  qwq_sampled sampled;
  damage(sampling);
  expect_bad_batch(
      [&](Batch& b) {
        b.sequences[1].sampling = &sampling;
        b.sequences[1].sampled = &sampled;
        b.sequences[1].n_samples = 1;
      },
      expected_text);
}

}  // namespace

TEST(batches_are_checked) {
  const auto bad = [](auto change, const char* text) {
    expect_bad_batch([&](Batch& b) { change(b.sequences[1]); }, text);
  };
  expect_bad_batch([](Batch& b) { b.view.n_sequences = 0; }, "n_sequences: expected 1 .. 8, found 0");
  expect_bad_batch([](Batch& b) { b.view.n_sequences = 9; }, "n_sequences: expected 1 .. 8, found 9");
  expect_bad_batch([](Batch& b) { b.view.sequences = nullptr; }, "sequences is NULL");
  bad([](auto& s) { s.tokens = nullptr; }, "sequences[1].tokens is NULL");
  bad([](auto& s) { s.block_table = nullptr; }, "sequences[1].block_table is NULL");
  expect_bad_batch(
      [](Batch& b) {
        b.sequences[1].role = b.sequences[0].role;
        b.sequences[1].block_table = b.sequences[0].block_table;
      },
      "sequences[1].block_table is that of sequences[0], too");
  for (const int32_t n : {0, -1, 129}) bad([=](auto& s) { s.n_tokens = n; }, "sequences[1].n_tokens");
  for (const int32_t n : {-1, 1, 0}) bad([=](auto& s) { s.n_blocks = n; }, "sequences[1].n_blocks");
  bad([](auto& s) { s.position = -1; }, "sequences[1].position");
  bad([](auto& s) { s.position = 1023; }, "sequences[1].position: expected 0 .. 1022, found 1023");
  bad([](auto& s) { s.position = std::numeric_limits<int32_t>::max(); }, "sequences[1].position");
  bad([](auto& s) { s.position = 32; }, "positions up to 33 need 3 blocks of 16, found 2");
  bad([](auto& s) { s.role = 2; }, "sequences[1].role: expected 0 .. 1, found 2");
  bad([](auto& s) { s.n_logits = 3; }, "sequences[1].n_logits: expected 0 .. 2, found 3");
  bad([](auto& s) { s.n_logits = -1; }, "sequences[1].n_logits");
  bad([](auto& s) { s.logits = nullptr; }, "sequences[1].logits is NULL");
  const int32_t negative[] = {4, -1}, too_large[] = {50, 4};
  bad([&](auto& s) { s.tokens = negative; }, "sequences[1].tokens[1]: expected 0 .. 49, found -1");
  bad([&](auto& s) { s.tokens = too_large; }, "sequences[1].tokens[0]: expected 0 .. 49, found 50");
  const int32_t bad_past[] = {64, 3}, bad_block[] = {2, -1}, foreign[] = {2, 0}, twice[] = {3, 3};
  bad([&](auto& s) { s.block_table = bad_past; }, "sequences[1].block_table[0]: expected 0 .. 63, found 64");
  bad([&](auto& s) { s.block_table = bad_block; }, "sequences[1].block_table[1]: expected 0 .. 63, found -1");
  bad([&](auto& s) { s.block_table = foreign; },
      "sequences[1].block_table[1]: block 0 is written by sequences[0] too");
  bad(
      [&](auto& s) {
        s.block_table = twice;
        s.position = 15;
      },
      "sequences[1].block_table[1]: block 3 is written by sequences[1] too");
  float logprobs[2];
  const int32_t bad_target[] = {-1, 50}, below[] = {-2, 0}, good_target[] = {1, 2};
  bad([&](auto& s) { s.targets = good_target; }, "sequences[1].target_logprobs is NULL");
  bad([&](auto& s) { s.targets = bad_target, s.target_logprobs = logprobs; }, "sequences[1].targets[1]");
  bad([&](auto& s) { s.targets = below, s.target_logprobs = logprobs; }, "sequences[1].targets[0]");
}

TEST(a_step_has_at_most_max_batch_tokens) {
  TestModel model(Shape{"step"}, kSeed);
  TestEngine engine(model, kReference, 1);
  std::vector<int32_t> low, high;
  for (int32_t i = 0; i < 16; ++i) low.push_back(i), high.push_back(16 + i);
  TestRun first(std::vector<int32_t>(100, 1), low, 0, QWQ_ROLE_PROMPT, engine.vocab);
  TestRun second(std::vector<int32_t>(29, 1), high, 0, QWQ_ROLE_PROMPT, engine.vocab);
  Batch batch({first.view, second.view});
  qwq_error error{};
  CHECK_EQ(qwq_step(engine.handle, &batch.view, &error), static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
  CHECK(std::strstr(error.message, "129 tokens together, expected at most max_batch_tokens = 128") !=
        nullptr);
}

TEST(sampling_parameters_are_checked) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const auto bad = [](auto change, const char* text) { expect_bad_sampling(change, text); };
  for (const float v : {-0.1f, kNan, kInf})
    bad([=](auto& s) { s.temperature = v; }, "sequences[1].sampling.temperature");
  for (const float v : {0.0f, -1.0f, 1.01f, kNan}) bad([=](auto& s) { s.top_p = v; }, "sampling.top_p");
  for (const float v : {-0.1f, 1.0f, kNan}) bad([=](auto& s) { s.min_p = v; }, "sampling.min_p");
  bad([](auto& s) { s.top_k = -1; }, "sampling.top_k");
  for (const float v : {kNan, kInf, -kInf}) {
    bad([=](auto& s) { s.presence_penalty = v; }, "sampling.presence_penalty");
    bad([=](auto& s) { s.frequency_penalty = v; }, "sampling.frequency_penalty");
  }
  for (const float v : {0.0f, -1.0f, kNan, kInf})
    bad([=](auto& s) { s.repetition_penalty = v; }, "sampling.repetition_penalty");
  for (const int32_t v : {-1, 21}) bad([=](auto& s) { s.n_top_logprobs = v; }, "sampling.n_top_logprobs");

  const int32_t ids[] = {3, 4}, outside[] = {3, 50}, negative[] = {-1, 3}, again[] = {3, 3};
  const int32_t counts[] = {0, 1}, bad_counts[] = {0, -1};
  const float values[] = {1, -kInf}, nan_value[] = {1, kNan}, inf_value[] = {kInf, 1};
  const auto seen = [&](const int32_t* tokens, const int32_t* n, const char* text) {
    bad([=](auto& s) { s.seen_tokens = tokens, s.seen_counts = n, s.n_seen = 2; }, text);
  };
  seen(nullptr, counts, "sampling.seen_tokens is NULL");
  seen(ids, nullptr, "sampling.seen_counts is NULL");
  seen(outside, counts, "sampling.seen_tokens[1]: expected 0 .. 49, found 50");
  seen(negative, counts, "sampling.seen_tokens[0]");
  seen(again, counts, "distinct");
  seen(ids, bad_counts, "sampling.seen_counts");
  bad([](auto& s) { s.n_seen = -1; }, "seen_tokens");
  const auto bias = [&](const int32_t* tokens, const float* v, const char* text) {
    bad([=](auto& s) { s.bias_tokens = tokens, s.bias_values = v, s.n_bias = 2; }, text);
  };
  bias(nullptr, values, "sampling.bias_tokens is NULL");
  bias(ids, nullptr, "sampling.bias_values is NULL");
  bias(outside, values, "sampling.bias_tokens[1]");
  bias(again, values, "distinct");
  bias(ids, nan_value, "sampling.bias_values");
  bias(ids, inf_value, "sampling.bias_values");
  bad([](auto& s) { s.n_bias = -1; }, "bias_tokens");
  expect_bad_batch(
      [](Batch& b) {
        static const qwq_sampling sampling = greedy();
        b.sequences[0].sampling = &sampling;
        b.sequences[0].n_samples = 1;
      },
      "sequences[0].sampled is NULL");
  expect_bad_batch([](Batch& b) { b.sequences[0].n_samples = 1; }, "sequences[0].sampling is NULL");
  expect_bad_batch([](Batch& b) { b.sequences[0].n_samples = 4; }, "sequences[0].n_samples: expected 0 .. 3");
  expect_bad_batch([](Batch& b) { b.sequences[0].n_samples = -1; }, "sequences[0].n_samples");
  const uint32_t nothing[] = {0, 0};
  bad([&](auto& s) { s.allowed_mask = nothing; },
      "sequences[1].sampling: bias, mask and padding forbid every token");
}

// More rows want logits than the workspace holds at once, in both roles; some want nothing.
TEST(logits_targets_and_samples_agree) {
  TestModel model(Shape{"step"}, kSeed + 1);
  for (const BackendChoice& backend : usable_backends()) {
    TestEngine engine(model, backend, 3);
    constexpr int32_t kTokens = 60;
    std::vector<std::unique_ptr<TestRun>> runs;
    std::vector<std::vector<int32_t>> targets;
    std::vector<std::vector<float>> logprobs;
    std::vector<qwq_sampled> sampled(2);
    qwq_sampling sampling = greedy();
    sampling.n_top_logprobs = 3;
    std::vector<qwq_sequence> sequences;
    for (int32_t i = 0; i < 2; ++i) {
      std::vector<int32_t> tokens, table;
      for (int32_t t = 0; t < kTokens; ++t) tokens.push_back((t * 7 + i * 3) % engine.vocab);
      for (int32_t b = 0; b < 8; ++b) table.push_back(8 * i + b);
      runs.push_back(std::make_unique<TestRun>(tokens, table, 0, i, engine.vocab));
      targets.emplace_back(kTokens, -1);
      for (int32_t t = 0; t < kTokens; t += 2)
        targets.back()[static_cast<size_t>(t)] = (t * 5) % engine.vocab;
      logprobs.emplace_back(kTokens, 42.0f);
    }
    for (size_t i = 0; i < 2; ++i) {
      qwq_sequence s = runs[i]->view;
      s.targets = targets[i].data();
      s.target_logprobs = logprobs[i].data();
      s.sampling = &sampling;
      s.sampled = &sampled[i];
      s.n_samples = 1;
      sequences.push_back(s);
    }
    Batch batch(sequences);
    CHECK_OK(qwq_step(engine.handle, &batch.view, error));

    for (size_t i = 0; i < 2; ++i) {
      for (int32_t t = 0; t < kTokens; ++t) {
        const float* row = runs[i]->logits.data() + t * engine.vocab;
        double sum = 0;
        for (int32_t id = 0; id < engine.vocab; ++id) sum += std::exp(static_cast<double>(row[id]));
        const auto logprob = [&](int32_t id) { return row[id] - std::log(sum); };
        // 2^-21 of the log-sum-exp and the rounding of the result to f32.
        const auto tolerance = [&](int32_t id) { return 0x1p-21 + std::fabs(logprob(id)) * 0x1p-24; };
        const int32_t target = targets[i][static_cast<size_t>(t)];
        const float found = logprobs[i][static_cast<size_t>(t)];
        if (target < 0) {
          CHECK_EQ(found, 42.0f);
        } else {
          CHECK_NEAR(found, logprob(target), tolerance(target));
        }
        if (t == kTokens - 1) {
          const int32_t best =
              static_cast<int32_t>(std::max_element(row, row + model.shape.n_token_ids) - row);
          CHECK_EQ(sampled[i].token, best);
          CHECK_NEAR(sampled[i].logprob, logprob(best), tolerance(best));
          CHECK_EQ(sampled[i].n_top, 3);
          CHECK_EQ(sampled[i].top_tokens[0], best);
          CHECK_EQ(sampled[i].top_logprobs[0], sampled[i].logprob);
        }
      }
    }

    // Fewer logits: the last rows, the same bits.
    std::vector<float> last(5 * static_cast<size_t>(engine.vocab));
    qwq_sequence tail = runs[0]->view;
    tail.n_logits = 5;
    tail.logits = last.data();
    Batch again({tail});
    CHECK_OK(qwq_step(engine.handle, &again.view, error));
    CHECK(std::equal(last.begin(), last.end(), runs[0]->logits.end() - static_cast<ptrdiff_t>(last.size())));
  }
}

// A sampled token does not depend on mates, threads or position in the batch.
TEST(samples_do_not_depend_on_the_batch) {
  TestModel model(Shape{"step"}, kSeed + 2);
  std::vector<int32_t> expected;
  for (const int32_t n_threads : {1, 4}) {
    for (const bool together : {false, true}) {
      TestEngine engine(model, kReference, n_threads);
      std::vector<std::unique_ptr<TestRun>> runs;
      std::vector<qwq_sampling> samplings(8, greedy());
      std::vector<qwq_sampled> sampled(8);
      std::vector<qwq_sequence> sequences;
      for (int32_t i = 0; i < 8; ++i) {
        const size_t at = static_cast<size_t>(i);
        samplings[at].temperature = 1.5f;
        samplings[at].top_p = 0.9f;
        samplings[at].seed = static_cast<uint64_t>(i);
        samplings[at].draw = 3;
        runs.push_back(std::make_unique<TestRun>(std::vector<int32_t>{1, 2, 3}, std::vector<int32_t>{i}, 0,
                                                 i % 2, engine.vocab));
        qwq_sequence s = runs.back()->view;
        s.sampling = &samplings[at];
        s.sampled = &sampled[at];
        s.n_samples = 1;
        sequences.push_back(s);
      }
      if (together) {
        Batch batch(sequences);
        CHECK_OK(qwq_step(engine.handle, &batch.view, error));
      } else {
        for (const qwq_sequence& s : sequences) {
          Batch batch({s});
          CHECK_OK(qwq_step(engine.handle, &batch.view, error));
        }
      }
      std::vector<int32_t> tokens;
      for (const qwq_sampled& s : sampled) tokens.push_back(s.token);
      if (expected.empty()) expected = tokens;
      CHECK(tokens == expected);
    }
  }
  CHECK(std::count(expected.begin(), expected.end(), expected[0]) < 8);
}

// Checking drafted tokens: draws after several tokens of one run are those of a step for each token, each
// with its own sampling.
TEST(several_draws_of_a_run_are_those_of_single_steps) {
  TestModel model(Shape{"step"}, kSeed + 4);
  for (const BackendChoice& backend : usable_backends()) {
    constexpr int32_t kDraws = 5;
    const std::vector<int32_t> tokens{7, 3, 9, 1, 4, 2};
    const std::vector<int32_t> table{1};
    std::vector<qwq_sampling> samplings(kDraws, greedy());
    for (int32_t i = 0; i < kDraws; ++i) {
      qwq_sampling& s = samplings[static_cast<size_t>(i)];
      s.temperature = i == 2 ? 0.0f : 2.0f;
      s.seed = 11;
      s.draw = static_cast<uint64_t>(i);
    }
    std::vector<qwq_sampled> expected(kDraws), found(kDraws);
    TestEngine single(model, backend, 2);
    for (int32_t i = 0; i < static_cast<int32_t>(tokens.size()); ++i) {
      TestRun run({tokens[static_cast<size_t>(i)]}, table, i, QWQ_ROLE_GENERATED, single.vocab);
      qwq_sequence s = run.view;
      const int32_t draw = i - (static_cast<int32_t>(tokens.size()) - kDraws);
      if (draw >= 0) {
        s.sampling = &samplings[static_cast<size_t>(draw)];
        s.sampled = &expected[static_cast<size_t>(draw)];
        s.n_samples = 1;
      }
      Batch batch({s});
      CHECK_OK(qwq_step(single.handle, &batch.view, error));
    }
    TestEngine engine(model, backend, 2);
    TestRun run(tokens, table, 0, QWQ_ROLE_GENERATED, engine.vocab);
    qwq_sequence s = run.view;
    s.sampling = samplings.data();
    s.sampled = found.data();
    s.n_samples = kDraws;
    Batch batch({s});
    CHECK_OK(qwq_step(engine.handle, &batch.view, error));
    for (size_t i = 0; i < kDraws; ++i) {
      CHECK_EQ(found[i].token, expected[i].token);
      CHECK_EQ(found[i].logprob, expected[i].logprob);
    }
  }
}

// A block that was copied, or read and written into another engine, serves as the original does.
TEST(kv_blocks_can_be_moved) {
  TestModel model(Shape{"step"}, kSeed + 5);
  for (const BackendChoice& backend : usable_backends()) {
    TestEngine engine(model, backend, 2);
    TestEngine other(model, backend, 1);
    const std::vector<int32_t> prefix{7, 3, 9, 1, 4};
    TestRun first(prefix, {2}, 0, QWQ_ROLE_PROMPT, engine.vocab);
    step(engine, {&first});
    TestRun original({6, 8}, {2}, 5, QWQ_ROLE_GENERATED, engine.vocab);
    qwq_error failure{};

    CHECK_OK(qwq_kv_copy(engine.handle, 2, 0, error));
    const size_t bytes = engine.kv_block_bytes;
    Guarded<std::byte> moved(bytes, Flush::kEnd);
    CHECK_OK(qwq_kv_read(engine.handle, 2, moved.data(), bytes, error));
    CHECK_OK(qwq_kv_write(other.handle, 3, moved.data(), bytes, error));
    step(engine, {&original});
    TestRun copy({6, 8}, {0}, 5, QWQ_ROLE_GENERATED, engine.vocab);
    step(engine, {&copy});
    TestRun elsewhere({6, 8}, {3}, 5, QWQ_ROLE_GENERATED, engine.vocab);
    step(other, {&elsewhere});
    CHECK(copy.logits == original.logits);
    CHECK(elsewhere.logits == original.logits);

    const int32_t beyond = engine.n_kv_blocks;
    CHECK_EQ(qwq_kv_copy(engine.handle, 0, beyond, &failure), static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
    CHECK_EQ(qwq_kv_copy(engine.handle, -1, 0, &failure), static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
    CHECK_EQ(qwq_kv_read(engine.handle, beyond, moved.data(), bytes, &failure),
             static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
    CHECK_EQ(qwq_kv_read(engine.handle, 0, moved.data(), bytes - 1, &failure),
             static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
    CHECK_EQ(qwq_kv_read(engine.handle, 0, nullptr, bytes, &failure),
             static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
    CHECK_EQ(qwq_kv_write(engine.handle, 0, moved.data(), bytes + 1, &failure),
             static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
    CHECK_EQ(qwq_kv_write(nullptr, 0, moved.data(), bytes, &failure),
             static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
  }
}

// Blocks of a common prefix may be read by several sequences.
TEST(prefix_blocks_can_be_shared) {
  TestModel model(Shape{"step"}, kSeed + 3);
  TestEngine engine(model, kReference, 2);
  std::vector<int32_t> tokens;
  for (int32_t i = 1; i <= 16; ++i) tokens.push_back(i);
  TestRun prefix(tokens, {0}, 0, QWQ_ROLE_PROMPT, engine.vocab);
  step(engine, {&prefix});
  TestRun a({17, 18}, {0, 1}, 16, QWQ_ROLE_PROMPT, engine.vocab);
  TestRun b({17, 18}, {0, 2}, 16, QWQ_ROLE_PROMPT, engine.vocab);
  step(engine, {&a, &b});
  CHECK(a.logits == b.logits);
  tokens.insert(tokens.end(), {17, 18});
  TestRun whole(tokens, {3, 4}, 0, QWQ_ROLE_PROMPT, engine.vocab);
  step(engine, {&whole});
  CHECK(std::equal(a.logits.begin(), a.logits.end(), whole.logits.begin() + 16 * engine.vocab));
}

TEST(logits_that_are_no_numbers_are_an_error) {
  TestModel model(Shape{"step"}, kSeed + 4);
  float* weight = reinterpret_cast<float*>(model.output.bytes.data());
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    weight[33] = value;
    TestEngine engine(model, kReference, 2);
    TestRun run({1, 2, 3}, {0}, 0, QWQ_ROLE_PROMPT, engine.vocab);
    Batch batch({run.view});
    qwq_error error{};
    CHECK_EQ(qwq_step(engine.handle, &batch.view, &error), static_cast<int32_t>(QWQ_WEIGHTS_DAMAGED));
    CHECK(std::strstr(error.message, "sequences[0]: the logits after tokens[0] are not finite") != nullptr);
  }
}

TEST(a_set_flag_stops_a_step_before_it_begins_and_the_engine_serves_on) {
  TestModel model(Shape{"step"}, kSeed);
  for (const BackendChoice& backend : usable_backends()) {
    TestEngine engine(model, backend, 2);
    TestRun run({1, 2, 3}, {0}, 0, QWQ_ROLE_PROMPT, engine.vocab);
    Batch batch({run.view});
    int32_t cancel = 1;
    batch.view.cancel = &cancel;
    qwq_error error{};
    CHECK_EQ(qwq_step(engine.handle, &batch.view, &error), static_cast<int32_t>(QWQ_CANCELLED));
    CHECK_EQ(std::string(error.message), "the step was cancelled");
    cancel = 0;
    CHECK_OK(qwq_step(engine.handle, &batch.view, error));
  }
}

// A step cancelled in its middle by another thread; repeated in full, it gives the bits of one that never
// was.
TEST(a_step_in_flight_stops_within_200_ms) {
  using Clock = std::chrono::steady_clock;
  Shape shape{"cancel"};
  shape.n_layers = 3;
  shape.hidden = 512;
  shape.intermediate = 2048;
  shape.head_dim = 64;
  shape.n_heads = 8;
  TestModel model(shape, kSeed);
  for (const BackendChoice& backend : usable_backends()) {
    TestEngine engine(model, backend, 2);
    std::vector<int32_t> tokens(128, 7), table;
    for (int32_t b = 0; b < 16; ++b) table.push_back(b);
    TestRun run(tokens, table, 0, QWQ_ROLE_PROMPT, engine.vocab);
    Batch batch({run.view});

    const Clock::time_point start = Clock::now();
    CHECK_OK(qwq_step(engine.handle, &batch.view, error));
    const auto whole = Clock::now() - start;
    const std::vector<float> expected = run.logits;

    int32_t cancel = 0;
    batch.view.cancel = &cancel;
    Clock::time_point cancelled;
    std::thread canceller([&] {
      std::this_thread::sleep_for(whole / 8);
      cancelled = Clock::now();
      __atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
    });
    const int32_t status = qwq_step(engine.handle, &batch.view, nullptr);
    const Clock::time_point returned = Clock::now();
    canceller.join();
    CHECK_EQ(status, static_cast<int32_t>(QWQ_CANCELLED));
    const bool soon = returned - cancelled < std::chrono::milliseconds(200);
#if defined(QWQ_EMULATED)  // tens of times slower
    if (!soon) std::printf("%s took longer than 200 ms, as is no wonder emulated\n", backend.name().c_str());
#else
    CHECK(soon);
#endif

    cancel = 0;
    std::fill(run.logits.begin(), run.logits.end(), 0.0f);
    CHECK_OK(qwq_step(engine.handle, &batch.view, error));
    CHECK(run.logits == expected);
  }
}

TEST(a_second_step_at_the_same_time_is_refused) {
  Shape shape{"concurrent"};
  shape.hidden = 256;
  shape.intermediate = 1024;
  TestModel model(shape, kSeed);
  TestEngine engine(model, kReference, 1);
  TestRun run(std::vector<int32_t>(64, 7), {0, 1, 2, 3, 4, 5, 6, 7}, 0, QWQ_ROLE_PROMPT, engine.vocab);
  int32_t cancel = 0;
  Batch batch({run.view});
  batch.view.cancel = &cancel;
  std::thread runner([&] {
    // Steps until it is told to stop, so that the other thread finds one running.
    while (qwq_step(engine.handle, &batch.view, nullptr) != QWQ_CANCELLED) {
    }
  });
  TestRun other({1}, {9}, 0, QWQ_ROLE_PROMPT, engine.vocab);
  Batch second({other.view});
  qwq_error error{};
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (qwq_step(engine.handle, &second.view, &error) == QWQ_OK &&
         std::chrono::steady_clock::now() < give_up) {
  }
  __atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
  runner.join();
  CHECK(std::strstr(error.message, "another step of this engine is running") != nullptr);
}

QWQ_TEST_MAIN
