// Whole models on the simulated device, through the C ABI: the logits of the cpu backend to the bit where
// weights are quantised and tokens generated, those of a double-precision decoder within bounds, and the same
// generated tokens. The cpu's K and V are kept as devices keep them.
#include <algorithm>

#include "tests/cuda/device_testing.h"
#include "tests/oracle.h"

namespace qwq::test {
namespace {

const BackendChoice kSimulated{QWQ_BACKEND_CUDA, kTestDevice};

// Shape is that of test_model.h.
struct Named {
  const char* name;
  int32_t dtype;
  int32_t size;  // hidden
};

struct Shape shape_of(const Named& named) {
  struct Shape shape {
    named.name
  };
  shape.dtype = named.dtype;
  shape.hidden = named.size;
  shape.intermediate = 2 * named.size;
  shape.head_dim = named.size / shape.n_heads;
  return shape;
}

const Named kQuantised[] = {{"Q8_0", QWQ_Q8_0, 64},
                            {"Q4_0", QWQ_Q4_0, 64},
                            {"Q4_K", QWQ_Q4_K, 256},
                            {"Q6_K", QWQ_Q6_K, 256},
                            {"IQ4_XS", QWQ_IQ4_XS, 256}};
const Named kFloats[] = {{"F32", QWQ_F32, 40}, {"F16", QWQ_F16, 24}, {"BF16", QWQ_BF16, 32}};

std::vector<int32_t> some_tokens(int32_t n, int32_t vocab, uint64_t salt = 0) {
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < n; ++i) {
    tokens.push_back(static_cast<int32_t>(counter_hash(kSeed + salt, static_cast<uint64_t>(i)) %
                                          static_cast<uint64_t>(vocab)));
  }
  return tokens;
}

// Blocks in an order of their own, so that a mix-up of blocks cannot go unseen.
std::vector<int32_t> blocks(int32_t first, int32_t count) {
  std::vector<int32_t> table;
  for (int32_t i = 0; i < count; ++i) table.push_back(first + (i * 5 + 1) % count);
  return table;
}

// Logits after every token, prefilled in chunks.
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

std::vector<std::vector<double>> widened(const std::vector<float>& values) {
  return {std::vector<double>(values.begin(), values.end())};
}

double relative_error(const std::vector<float>& actual, const std::vector<std::vector<double>>& expected) {
  double squares = 0;
  double difference = 0;
  size_t i = 0;
  for (const std::vector<double>& row : expected) {
    for (const double value : row) {
      squares += value * value;
      difference += (actual[i] - value) * (actual[i] - value);
      ++i;
    }
  }
  CHECK_EQ(actual.size(), i);
  return std::sqrt(difference / squares);
}

// Whether prompts go through attention on tensor cores, which has a recipe of its own:
// kernels/cuda/attention_prompt.cuh.
bool has_prompt_recipe(const TestModel& model) {
  return model.shape.head_dim == 64 || model.shape.head_dim == 128;
}

// The next tokens, each drawn by the library after the one before.
std::vector<int32_t> generate(TestEngine& engine, const std::vector<int32_t>& prompt, int32_t n,
                              float temperature) {
  const std::vector<int32_t> table = blocks(0, 12);
  std::vector<int32_t> tokens = prompt;
  for (int32_t i = 0; i < n; ++i) {
    qwq_sampling sampling{};
    sampling.temperature = temperature;
    sampling.top_p = 0.95f;
    sampling.top_k = 20;
    sampling.repetition_penalty = 1;
    sampling.seed = kSeed;
    sampling.draw = static_cast<uint64_t>(i);
    qwq_sampled sampled{};
    const size_t first = i == 0 ? 0 : tokens.size() - 1;
    qwq_sequence sequence{};
    sequence.tokens = tokens.data() + first;
    sequence.n_tokens = static_cast<int32_t>(tokens.size() - first);
    sequence.block_table = table.data();
    sequence.n_blocks = static_cast<int32_t>(table.size());
    sequence.position = static_cast<int32_t>(first);
    sequence.role = QWQ_ROLE_GENERATED;
    sequence.sampling = &sampling;
    sequence.sampled = &sampled;
    sequence.n_samples = 1;
    qwq_batch batch{};
    batch.sequences = &sequence;
    batch.n_sequences = 1;
    CHECK_OK(qwq_step(engine.handle, &batch, error));
    tokens.push_back(sampled.token);
  }
  return tokens;
}

// Null where no cpu variant fuses.
std::unique_ptr<TestEngine> cpu_engine(TestModel& model) {
  const Backend* cpu = fused_cpu_backend();
  if (cpu == nullptr) return nullptr;
  return std::make_unique<TestEngine>(model, engine_config({QWQ_BACKEND_CPU, cpu->name}, 1, QWQ_KV_F16));
}

// What an int8 recipe differs from exact logits, as a share of them: the bound of forward_test.cc, int8
// activations, four roundings a layer and one before lm_head.
double int8_bound(const TestModel& model) {
  return std::sqrt(4.0 * model.shape.n_layers + 1) * 4 / (127 * std::sqrt(12.0));
}

// The same of prompts with quantised weights. Each product has activations and weights rounded to f16, both
// off by 2^-11 of their length; attention on tensor cores adds 2^-10 or so a layer. All are independent, so
// squares add up. K and V may fall to the other side of a rounding to f16: see forward_test.cc.
double prompt_bound(const TestModel& model) {
  const double products = 2 * (4.0 * model.shape.n_layers + 1) * 0x1p-22;
  const double attention = has_prompt_recipe(model) ? model.shape.n_layers * 0x1p-20 : 0;
  return 0x1p-11 + std::sqrt(products + attention);
}

}  // namespace

TEST(quantised_models_give_the_bits_of_the_cpu) {
  for (const Named& named : kQuantised) {
    TestModel model(shape_of(named), kSeed);
    const std::vector<int32_t> tokens = some_tokens(21, model.shape.vocab);
    TestEngine engine(model, kSimulated, 1);
    const std::vector<float> logits = prefill(engine, tokens, 21, QWQ_ROLE_GENERATED);
    CHECK_NEAR(relative_error(logits, Oracle(model, true).logits(tokens)), 0, int8_bound(model));
    if (const auto cpu = cpu_engine(model)) {
      expect_same_bits(named.name, logits, prefill(*cpu, tokens, 21, QWQ_ROLE_GENERATED));
    }
  }
}

TEST(prompts_of_quantised_models_are_nearer_than_int8) {
  for (const Named& named : kQuantised) {
    TestModel model(shape_of(named), kSeed);
    const std::vector<int32_t> tokens = some_tokens(21, model.shape.vocab);
    TestEngine engine(model, kSimulated, 1);
    const std::vector<float> logits = prefill(engine, tokens, 21, QWQ_ROLE_PROMPT);
    CHECK_NEAR(relative_error(logits, Oracle(model, true).logits(tokens)), 0, prompt_bound(model));
    if (const auto cpu = cpu_engine(model)) {
      CHECK_NEAR(relative_error(logits, widened(prefill(*cpu, tokens, 21, QWQ_ROLE_PROMPT))), 0,
                 int8_bound(model) + prompt_bound(model));
    }
  }
}

TEST(models_of_floats_are_near_the_double_precision_decoder) {
  for (const Named& named : kFloats) {
    TestModel model(shape_of(named), kSeed + 1);
    const std::vector<int32_t> tokens = some_tokens(21, model.shape.vocab);
    TestEngine engine(model, kSimulated, 1);
    const auto exact = Oracle(model, true).logits(tokens);
    // K and V may fall to the other side of a rounding to f16: see forward_test.cc.
    const double of_cache = 0x1p-11;
    CHECK_NEAR(relative_error(prefill(engine, tokens, 21, QWQ_ROLE_GENERATED), exact), 0, of_cache);
    // Prompts' activations are rounded to the weights' type before each product, four times a layer and once
    // before lm_head, each a vector that is off by so much of its length; independent, so squares add up.
    const double rounding = named.dtype == QWQ_F32 ? 0 : named.dtype == QWQ_F16 ? 0x1p-11 : 0x1p-9;
    CHECK_NEAR(relative_error(prefill(engine, tokens, 21, QWQ_ROLE_PROMPT), exact), 0,
               of_cache + std::sqrt(4.0 * model.shape.n_layers + 1) * rounding);
  }
}

TEST(odd_shapes_yarn_and_tied_weights) {
  std::vector<struct Shape> shapes(3, {"odd"});
  shapes[0].n_heads = 3, shapes[0].n_kv_heads = 1, shapes[0].head_dim = 14;
  shapes[0].hidden = 37, shapes[0].intermediate = 71, shapes[0].vocab = 53;
  shapes[1].tied = true, shapes[1].bias = false;
  shapes[2].yarn = true, shapes[2].head_dim = 16;
  for (const struct Shape& shape : shapes) {
    TestModel model(shape, kSeed + 2);
    const std::vector<int32_t> tokens = some_tokens(40, shape.vocab);
    TestEngine engine(model, kSimulated, 1);
    CHECK_NEAR(
        relative_error(prefill(engine, tokens, 40, QWQ_ROLE_PROMPT), Oracle(model, true).logits(tokens)), 0,
        0x1p-11);
  }
}

TEST(chunks_change_no_bit) {
  for (const Named& named : {kQuantised[2], kFloats[2]}) {
    TestModel model(shape_of(named), kSeed + 3);
    const std::vector<int32_t> tokens = some_tokens(37, model.shape.vocab);
    TestEngine engine(model, kSimulated, 1);
    const std::vector<float> whole = prefill(engine, tokens, 37, QWQ_ROLE_PROMPT);
    for (const int32_t chunk : {1, 7, 16}) {
      expect_same_bits(named.name, prefill(engine, tokens, chunk, QWQ_ROLE_PROMPT), whole);
    }
  }
}

TEST(batch_mates_change_no_bit) {
  TestModel model(shape_of(kQuantised[2]), kSeed + 4);
  struct Plan {
    int32_t past, n_tokens, role;
  };
  const Plan plans[] = {{0, 9, QWQ_ROLE_PROMPT},
                        {13, 1, QWQ_ROLE_GENERATED},
                        {16, 17, QWQ_ROLE_PROMPT},
                        {7, 3, QWQ_ROLE_GENERATED},
                        {5, 1, QWQ_ROLE_PROMPT}};
  std::vector<std::vector<float>> results[2];
  for (const bool together : {true, false}) {
    TestEngine engine(model, kSimulated, 1);
    std::vector<std::unique_ptr<TestRun>> runs;
    for (int i = 0; i < 5; ++i) {
      const Plan& plan = plans[i];
      const std::vector<int32_t> table = blocks(i * 8, 8);
      if (plan.past > 0) {
        TestRun past(some_tokens(plan.past, model.shape.vocab, static_cast<uint64_t>(i)), table, 0,
                     QWQ_ROLE_PROMPT, model.shape.vocab);
        step(engine, {&past});
      }
      runs.push_back(std::make_unique<TestRun>(
          some_tokens(plan.n_tokens, model.shape.vocab, static_cast<uint64_t>(i) + 100), table, plan.past,
          plan.role, model.shape.vocab));
    }
    std::vector<TestRun*> all;
    for (const auto& run : runs) all.push_back(run.get());
    if (together) {
      step(engine, all);
    } else {
      for (TestRun* run : all) step(engine, {run});
    }
    for (const auto& run : runs) results[together ? 0 : 1].push_back(run->logits);
  }
  for (size_t i = 0; i < 5; ++i) expect_same_bits("a sequence", results[0][i], results[1][i]);
}

// Where all layers are on the cpu they attend to q8_0 with integers. So each layer in turn is on the host of
// an engine with a device, the others are on the device.
TEST(a_q8_0_cache_gives_the_bits_of_the_cpu) {
  if (fused_cpu_backend() == nullptr) return;
  struct Shape shape = shape_of(kQuantised[0]);
  shape.head_dim = 32;
  CHECK_EQ(shape.n_layers, 2);
  TestModel model(shape, kSeed + 5);
  const std::vector<int32_t> tokens = some_tokens(70, shape.vocab);
  TestEngine engine(model, engine_config(kSimulated, 1, QWQ_KV_Q8_0));
  const std::vector<float> logits = prefill(engine, tokens, 70, QWQ_ROLE_GENERATED);
  const std::vector<float> prompt_logits = prefill(engine, tokens, 70, QWQ_ROLE_PROMPT);
  for (const int on_host : {0, 1}) {
    qwq_placement places[2] = {};
    std::strcpy(places[on_host].device, "cpu");
    std::strcpy(places[1 - on_host].device, kTestDevice);
    places[0].n_layers = places[1].n_layers = 1;
    qwq_engine_config config = engine_config({QWQ_BACKEND_CUDA, ""}, 1, QWQ_KV_Q8_0);
    config.placements = places;
    config.n_placements = 2;
    TestEngine parts(model, config);
    expect_same_bits("q8_0", logits, prefill(parts, tokens, 70, QWQ_ROLE_GENERATED));
    CHECK_NEAR(relative_error(prompt_logits, widened(prefill(parts, tokens, 70, QWQ_ROLE_PROMPT))), 0,
               int8_bound(model) + prompt_bound(model));
  }
}

TEST(generates_the_tokens_of_the_cpu) {
  for (const Named& named : {kQuantised[2], kQuantised[0]}) {
    TestModel model(shape_of(named), kSeed + 6);
    const std::unique_ptr<TestEngine> cpu = cpu_engine(model);
    if (cpu == nullptr) return;
    TestEngine engine(model, kSimulated, 1);
    const std::vector<int32_t> prompt = some_tokens(11, model.shape.vocab);
    // Tokens are the same where the logits they are drawn from are, so the prompt counts as generated, too.
    for (const float temperature : {0.0f, 1.5f}) {
      CHECK(generate(engine, prompt, 40, temperature) == generate(*cpu, prompt, 40, temperature));
    }
  }
}

TEST(kv_blocks_are_copied_read_and_written_on_the_device) {
  TestModel model(shape_of(kQuantised[0]), kSeed + 7);
  TestEngine engine(model, kSimulated, 1);
  const std::vector<int32_t> tokens = some_tokens(16, model.shape.vocab);
  TestRun past(tokens, {3}, 0, QWQ_ROLE_PROMPT, engine.vocab);
  step(engine, {&past});
  qwq_memory memory;
  const qwq_engine_config config = engine_config(kSimulated, 1);
  CHECK_OK(qwq_engine_memory(model.handle(), &config, &memory, error));
  std::vector<std::byte> block(memory.kv_bytes_per_token * 16);
  CHECK_OK(qwq_kv_read(engine.handle, 3, block.data(), block.size(), error));
  CHECK_OK(qwq_kv_write(engine.handle, 5, block.data(), block.size(), error));
  CHECK_OK(qwq_kv_copy(engine.handle, 5, 9, error));
  std::vector<std::vector<float>> next;
  for (const int32_t first_block : {3, 5, 9}) {
    TestRun run({7}, {first_block, 20 + first_block}, 16, QWQ_ROLE_GENERATED, engine.vocab);
    step(engine, {&run});
    next.push_back(run.logits);
  }
  CHECK(same_bits(next[0], next[1]));
  CHECK(same_bits(next[0], next[2]));
}

// A GPU does not know what was written.
#if !defined(__CUDACC__)
TEST(what_the_host_never_wrote_is_not_read) {
  TestModel model(shape_of(kQuantised[0]), kSeed + 8);
  TestEngine engine(model, kSimulated, 1);
  // Claims a past that is not in the cache.
  TestRun run({7}, {3, 4}, 20, QWQ_ROLE_GENERATED, engine.vocab);
  qwq_batch batch{};
  batch.sequences = &run.view;
  batch.n_sequences = 1;
  qwq_error error{};
  CHECK_EQ(qwq_step(engine.handle, &batch, &error), static_cast<int32_t>(QWQ_INTERNAL));
  CHECK(std::string(error.message).find("of cache, which nothing wrote") != std::string::npos);
  // The engine goes on.
  TestRun from_start(some_tokens(5, engine.vocab), {3}, 0, QWQ_ROLE_PROMPT, engine.vocab);
  step(engine, {&from_start});
}
#endif

TEST(errors_say_what_is_missing) {
  TestModel model(shape_of(kQuantised[0]), kSeed);
  qwq_engine* engine = nullptr;
  qwq_error error{};
  // No test machine has the library for GPUs beside its tests.
  qwq_engine_config config = engine_config({QWQ_BACKEND_CUDA, "0"}, 1);
  const int32_t status = qwq_engine_create(model.handle(), &config, &engine, &error);
  if (status == QWQ_OK) {
    qwq_engine_destroy(engine);
  } else {
    CHECK_EQ(status, static_cast<int32_t>(QWQ_UNSUPPORTED));
    CHECK(std::string(error.message).find("config.") == 0);
  }
  struct Shape wide = shape_of(kQuantised[0]);
  wide.head_dim = 258;
  wide.dtype = QWQ_F32;
  TestModel wide_model(wide, kSeed);
  config = engine_config(kSimulated, 1);
  CHECK_EQ(qwq_engine_create(wide_model.handle(), &config, &engine, &error),
           static_cast<int32_t>(QWQ_UNSUPPORTED));
  CHECK(std::string(error.message).find("256") != std::string::npos);
}

TEST(a_cancelled_step_ends) {
  TestModel model(shape_of(kQuantised[0]), kSeed + 9);
  TestEngine engine(model, kSimulated, 1);
  TestRun run(some_tokens(5, engine.vocab), {1}, 0, QWQ_ROLE_PROMPT, engine.vocab);
  const int32_t cancel = 1;
  qwq_batch batch{};
  batch.sequences = &run.view;
  batch.n_sequences = 1;
  batch.cancel = &cancel;
  qwq_error error{};
  CHECK_EQ(qwq_step(engine.handle, &batch, &error), static_cast<int32_t>(QWQ_CANCELLED));
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
