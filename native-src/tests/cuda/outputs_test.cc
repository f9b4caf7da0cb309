// What a batch may want of its logits, computed on the simulated device: the bits of the cpu backend.
// Everything here is generated tokens, whose recipe is the same everywhere.
#include <algorithm>

#include "tests/cuda/device_testing.h"
#include "tests/test_model.h"

namespace qwq::test {
namespace {

struct Shape shape_with(int32_t vocab) {
  struct Shape shape{"Q8_0"};
  shape.dtype = QWQ_Q8_0;
  shape.n_layers = 1;
  shape.hidden = 64;
  shape.intermediate = 64;
  shape.head_dim = 64 / shape.n_heads;
  shape.vocab = vocab;
  return shape;
}

// A sequence that wants everything, with the memory behind it.
struct Wish {
  Wish(int32_t index, int32_t n_tokens, int32_t n_samples, int32_t vocab, int32_t seen_every)
      : logits(static_cast<size_t>(n_tokens * vocab), -1.0f),
        target_logprobs(static_cast<size_t>(n_tokens), -1.0f),
        sampling(static_cast<size_t>(n_samples)),
        sampled(static_cast<size_t>(n_samples)),
        mask(static_cast<size_t>((vocab + 31) / 32), 0xf7ffff7fu) {
    for (int32_t i = 0; i < n_tokens; ++i) {
      tokens.push_back((7 * index + 3 * i) % vocab);
      targets.push_back(i % 3 == 2 ? -1 : (5 * i + index) % vocab);
    }
    for (int32_t i = 0; i < vocab; i += seen_every) {
      seen.push_back(i);
      counts.push_back(i % 4);
    }
    for (int32_t i = 0; i < n_samples; ++i) {
      qwq_sampling& s = sampling[static_cast<size_t>(i)];
      s = {};
      s.temperature = index % 3 == 0 ? 0.0f : 1.3f;
      s.top_p = index % 2 == 0 ? 0.9f : 1.0f;
      s.min_p = index % 4 == 1 ? 0.01f : 0.0f;
      s.top_k = index % 5 == 2 ? 7 : 0;
      s.presence_penalty = 0.5f;
      s.frequency_penalty = 0.25f;
      s.repetition_penalty = 1.1f;
      s.n_top_logprobs = 3;
      s.seed = kSeed;
      s.draw = static_cast<uint64_t>(10 * index + i);
      s.seen_tokens = seen.data();
      s.seen_counts = counts.data();
      s.n_seen = static_cast<int32_t>(seen.size());
      s.bias_tokens = seen.data();
      s.bias_values = bias.data();
      s.n_bias = 2;
      if (index % 2 == 1) s.allowed_mask = mask.data();
    }
    view.tokens = tokens.data();
    view.n_tokens = n_tokens;
    view.block_table = table.data();
    view.n_blocks = static_cast<int32_t>(table.size());
    view.role = QWQ_ROLE_GENERATED;
    view.logits = logits.data();
    view.n_logits = index % 2 == 0 ? n_tokens : 0;
    view.targets = targets.data();
    view.target_logprobs = target_logprobs.data();
    view.sampling = sampling.data();
    view.sampled = sampled.data();
    view.n_samples = n_samples;
    table[0] = 2 * index;
    table[1] = 2 * index + 1;
  }
  Wish(const Wish&) = delete;

  std::vector<int32_t> tokens, targets, seen, counts, table = {0, 0};
  std::vector<float> logits, target_logprobs, bias = {0.5f, -1.5f};
  std::vector<qwq_sampling> sampling;
  std::vector<qwq_sampled> sampled;
  std::vector<uint32_t> mask;
  qwq_sequence view{};
};

using Wishes = std::vector<std::unique_ptr<Wish>>;

int32_t run(TestEngine& engine, const Wishes& wishes, qwq_error* error) {
  std::vector<qwq_sequence> sequences;
  for (const auto& wish : wishes) sequences.push_back(wish->view);
  qwq_batch batch{};
  batch.sequences = sequences.data();
  batch.n_sequences = static_cast<int32_t>(sequences.size());
  return qwq_step(engine.handle, &batch, error);
}

// Sequence i has n_tokens[i] tokens, and samples after the last n_samples[i] of them.
Wishes make(const std::vector<int32_t>& n_tokens, const std::vector<int32_t>& n_samples, int32_t vocab,
            int32_t seen_every = 3) {
  Wishes wishes;
  for (size_t i = 0; i < n_tokens.size(); ++i) {
    wishes.push_back(
        std::make_unique<Wish>(static_cast<int32_t>(i), n_tokens[i], n_samples[i], vocab, seen_every));
  }
  return wishes;
}

void expect_same(const Wishes& actual, const Wishes& expected) {
  for (size_t i = 0; i < actual.size(); ++i) {
    const Wish& a = *actual[i];
    const Wish& e = *expected[i];
    expect_same_bits("logits", a.logits, e.logits);
    expect_same_bits("log-probabilities of targets", a.target_logprobs, e.target_logprobs);
    for (size_t s = 0; s < a.sampled.size(); ++s) {
      CHECK_EQ(a.sampled[s].token, e.sampled[s].token);
      CHECK_EQ(a.sampled[s].n_top, e.sampled[s].n_top);
      CHECK_EQ(a.sampled[s].logprob, e.sampled[s].logprob);
      for (int32_t top = 0; top < a.sampled[s].n_top; ++top) {
        CHECK_EQ(a.sampled[s].top_tokens[top], e.sampled[s].top_tokens[top]);
        CHECK_EQ(a.sampled[s].top_logprobs[top], e.sampled[s].top_logprobs[top]);
      }
    }
  }
}

// The same step `times` on both, with longer lists each time; a device replays it from the second time on.
void compare(TestModel& model, const std::vector<int32_t>& n_tokens, const std::vector<int32_t>& n_samples,
             int32_t max_sequences, int times = 1) {
  const Backend* cpu = fused_cpu_backend();
  if (cpu == nullptr) return;
  qwq_engine_config host = engine_config({QWQ_BACKEND_CPU, cpu->name}, 1, QWQ_KV_F16);
  qwq_engine_config device = engine_config({QWQ_BACKEND_CUDA, kTestDevice}, 1);
  host.max_sequences = device.max_sequences = max_sequences;
  TestEngine expected_engine(model, host);
  TestEngine engine(model, device);
  for (int i = 0; i < times; ++i) {
    const Wishes expected = make(n_tokens, n_samples, model.shape.vocab, 3 - i);
    const Wishes actual = make(n_tokens, n_samples, model.shape.vocab, 3 - i);
    CHECK_OK(run(expected_engine, expected, error));
    CHECK_OK(run(engine, actual, error));
    expect_same(actual, expected);
  }
}

}  // namespace

TEST(one_token_of_each_sequence) {
  TestModel model(shape_with(75), kSeed);
  compare(model, {1}, {1}, 8, 2);
  compare(model, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 0, 1, 1, 1, 1, 1, 1, 0}, 16, 2);
}

TEST(several_tokens_of_a_sequence) {
  TestModel model(shape_with(75), kSeed + 1);
  compare(model, {5, 1, 17, 2}, {3, 0, 1, 2}, 8);
}

// More rows than logits are held at once.
TEST(many_rows) {
  TestModel model(shape_with(50), kSeed + 2);
  compare(model, {32, 32, 20}, {32, 1, 10}, 8);
}

// So many, too, of nine sequences, whose step would be captured with 16 rows.
TEST(long_lists_of_nine_sequences) {
  TestModel model(shape_with(6000), kSeed + 4);
  const Backend* cpu = fused_cpu_backend();
  if (cpu == nullptr) return;
  qwq_engine_config host = engine_config({QWQ_BACKEND_CPU, cpu->name}, 1, QWQ_KV_F16);
  qwq_engine_config device = engine_config({QWQ_BACKEND_CUDA, kTestDevice}, 1);
  host.max_sequences = device.max_sequences = 9;
  TestEngine engines[] = {{model, host}, {model, device}};
  Wishes wishes[2];
  const std::vector<int32_t> one(9, 1);
  for (int e = 0; e < 2; ++e) {
    wishes[e] = make(one, one, 6000, 1);
    for (const auto& wish : wishes[e]) {
      qwq_sampling& sampling = wish->sampling[0];
      wish->bias.assign(6000, 0.25f);
      sampling.bias_tokens = wish->seen.data();
      sampling.bias_values = wish->bias.data();
      sampling.n_bias = 6000;
    }
    CHECK_OK(run(engines[e], wishes[e], error));
  }
  expect_same(wishes[1], wishes[0]);
}

// What describes the sampling of so many ids is more than the device keeps room for.
TEST(long_lists_are_sampled_on_the_host) {
  TestModel model(shape_with(6000), kSeed + 3);
  const Backend* cpu = fused_cpu_backend();
  if (cpu == nullptr) return;
  qwq_engine_config host = engine_config({QWQ_BACKEND_CPU, cpu->name}, 1, QWQ_KV_F16);
  qwq_engine_config device = engine_config({QWQ_BACKEND_CUDA, kTestDevice}, 1);
  host.max_sequences = device.max_sequences = 1;
  TestEngine engines[] = {{model, host}, {model, device}};
  Wishes wishes[2];
  std::vector<int32_t> all(6000);
  std::vector<float> bias(all.size(), 0.25f);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int32_t>(i);
  for (int e = 0; e < 2; ++e) {
    wishes[e] = make({1}, {1}, 6000);
    qwq_sampling& sampling = wishes[e][0]->sampling[0];
    sampling.bias_tokens = sampling.seen_tokens = sampling.seen_counts = all.data();
    sampling.bias_values = bias.data();
    sampling.n_bias = sampling.n_seen = 6000;
    CHECK_OK(run(engines[e], wishes[e], error));
  }
  expect_same(wishes[1], wishes[0]);
}

TEST(forbidding_everything_is_an_error) {
  TestModel model(shape_with(75), kSeed);
  TestEngine engine(model, BackendChoice{QWQ_BACKEND_CUDA, kTestDevice}, 1);
  const Wishes wishes = make({1, 1}, {1, 1}, 75);
  wishes[1]->mask.assign(wishes[1]->mask.size(), 0);
  qwq_error error{};
  CHECK_EQ(run(engine, wishes, &error), static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
  CHECK(std::string(error.message).find("sequences[1].sampling: bias, mask and padding forbid") == 0);
  const Wishes allowed = make({1, 1}, {1, 1}, 75);
  CHECK_OK(run(engine, allowed, error));
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
