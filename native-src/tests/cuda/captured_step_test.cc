// Steps that a device captures and replays, through the C ABI: the bits of the cpu backend, whatever came
// before. Everything here is generated tokens, whose recipe is the same everywhere.
#include <algorithm>

#include "kernels/cuda/session.h"
#include "tests/cuda/device_testing.h"
#include "tests/cuda/generating.h"

namespace qwq::test {
namespace {

qwq_engine_config sixteen_sequences(const BackendChoice& backend, int32_t n_kv_blocks = 64) {
  qwq_engine_config config = engine_config(backend, 1, QWQ_KV_F16);
  config.max_sequences = 16;
  config.n_kv_blocks = n_kv_blocks;
  return config;
}

// The engines to compare; the cpu's first. Empty where no cpu variant fuses.
std::vector<std::unique_ptr<TestEngine>> engines(TestModel& model, int32_t n_kv_blocks = 64) {
  std::vector<std::unique_ptr<TestEngine>> both;
  const Backend* cpu = fused_cpu_backend();
  if (cpu == nullptr) return both;
  for (const BackendChoice& choice :
       {BackendChoice{QWQ_BACKEND_CPU, cpu->name}, BackendChoice{QWQ_BACKEND_CUDA, kTestDevice}}) {
    both.push_back(std::make_unique<TestEngine>(model, sixteen_sequences(choice, n_kv_blocks)));
  }
  return both;
}

}  // namespace

// 9 to 16 sequences are all launched as 16 rows.
TEST(any_number_of_rows_after_any_other) {
  TestModel model(small_shape(), kSeed + 1);
  for (const auto& counts : std::vector<std::vector<int32_t>>{{1, 2, 8, 1}, {9, 15, 10, 16}, {16, 9}}) {
    const auto both = engines(model);
    if (both.empty()) return;
    for (const int32_t n : counts) {
      const std::vector<float> expected = generate(*both[0], n, 2);
      expect_same_bits("captured", generate(*both[1], n, 2), expected);
    }
  }
}

// Launches depend on how many splits of 1,024 tokens the longest context has, rounded up to a power of two.
TEST(contexts_that_grow_from_range_to_range) {
  TestModel model(small_shape(), kSeed + 1);
  std::vector<float> logits[2];
  const auto both = engines(model, 300);
  if (both.empty()) return;
  std::vector<std::vector<int32_t>> tables(2);
  for (int32_t b = 0; b < 140; ++b) {
    tables[0].push_back(2 * b);
    tables[1].push_back(2 * b + 1);
  }
  std::vector<std::byte> block(both[0]->kv_block_bytes);
  for (int e = 0; e < 2; ++e) {
    TestEngine& engine = *both[static_cast<size_t>(e)];
    const auto tokens = [&](int32_t n, int32_t at) {
      return some_tokens(n, engine.vocab, static_cast<uint64_t>(at));
    };
    // The device gets what the cpu computed, which is quicker.
    const auto feed = [&](size_t s, int32_t from, int32_t to) {
      for (int32_t b = from / 16; e == 1 && b <= (to - 1) / 16; ++b) {
        const int32_t id = tables[s][static_cast<size_t>(b)];
        CHECK_OK(qwq_kv_read(both[0]->handle, id, block.data(), block.size(), error));
        CHECK_OK(qwq_kv_write(engine.handle, id, block.data(), block.size(), error));
      }
      for (; e == 0 && from < to; from += 120) {
        TestRun past(tokens(std::min(120, to - from), from), tables[s], from, QWQ_ROLE_GENERATED,
                     engine.vocab);
        step(engine, {&past});
      }
    };
    const auto one_more = [&](int32_t first, int32_t second) {
      TestRun x(tokens(1, first), tables[0], first, QWQ_ROLE_GENERATED, engine.vocab);
      TestRun y(tokens(1, second), tables[1], second, QWQ_ROLE_GENERATED, engine.vocab);
      step(engine, {&x, &y});
      for (const TestRun* run : {&x, &y}) {
        logits[e].insert(logits[e].end(), run->logits.begin(), run->logits.end());
      }
    };
    feed(0, 0, 1022);
    feed(1, 0, 10);
    for (int i = 0; i < 5; ++i) one_more(1022 + i, 10 + i);
    feed(1, 15, 1100);
    for (int i = 0; i < 3; ++i) one_more(1027 + i, 1100 + i);
    feed(0, 1030, 2046);
    for (int i = 0; i < 4; ++i) one_more(2046 + i, 1103 + i);
  }
  expect_same_bits("ranges", logits[1], logits[0]);
}

TEST(a_chunk_nobody_wants_anything_of) {
  TestModel model(small_shape(), kSeed + 2);
  const auto both = engines(model);
  if (both.empty()) return;
  std::vector<float> logits[2];
  for (size_t e = 0; e < 2; ++e) {
    TestEngine& engine = *both[e];
    for (int32_t at = 0; at < 30; at += 10) {
      TestRun chunk(some_tokens(10, engine.vocab, static_cast<uint64_t>(at)), table_of(0), at,
                    QWQ_ROLE_GENERATED, engine.vocab);
      chunk.view.n_logits = 0;
      step(engine, {&chunk});
    }
    TestRun last({3}, table_of(0), 30, QWQ_ROLE_GENERATED, engine.vocab);
    step(engine, {&last});
    logits[e] = last.logits;
  }
  expect_same_bits("after chunks", logits[1], logits[0]);
}

// A session alone: a capture that ends halfway leaves nothing behind.
TEST(an_abandoned_capture_is_made_again) {
  const std::vector<float> vector(64, 1.0f);
  const SessionVector known = {vector.data(), 64};
  SessionArgs args = {};
  args.device = kTestDevice;
  args.vectors = &known;
  args.n_vectors = 1;
  args.kv_bytes = 4096;
  args.spare_block = 3;
  args.activation_bytes = 4096;
  args.limits = limits_for(64, 1);
  args.limits.max_rows = 8;
  args.limits.max_context = 48;
  args.limits.max_sequences = 4;
  args.limits.hidden_size = 64;
  args.limits.kv_block_size = 16;
  cuda::Session session(args);
  const int32_t blocks[] = {0, 1, 2};
  const AttentionRow row = {blocks, 5};
  StepTable table = {};
  table.rows = &row;
  table.n_generated = 1;
  float* hidden = reinterpret_cast<float*>(session.activations());
  StepStart start = {};
  qwq_error error = {};
  const auto begin = [&] {
    std::fill(session.hidden_input(), session.hidden_input() + 64, 2.0f);
    CHECK_EQ(session.begin_step(table, hidden, &start, &error), static_cast<int32_t>(QWQ_OK));
  };
  const auto norm = [&] {
    cuda::rms_norm(session.stream(),
                   {hidden, session.weights().vector(vector.data()), 0.0f, 1, 64, hidden + 64});
  };
  begin();
  CHECK(start.mode == StepMode::kCapture);
  norm();
  session.abandon_capture();
  begin();
  CHECK(start.mode == StepMode::kCapture);
  norm();
  CHECK_EQ(session.launch_captured(&error), static_cast<int32_t>(QWQ_OK));
  begin();
  CHECK(start.mode == StepMode::kReplay);
  std::vector<float> result(64);
  CHECK_EQ(session.read(result.data(), hidden + 64, 64, &error), static_cast<int32_t>(QWQ_OK));
  expect_same_bits("normed", result, vector);
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
