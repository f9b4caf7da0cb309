// Engines whose layers lie in several places, and steps that a device captured, through the C ABI: the bits
// of the cpu backend. Everything here is generated tokens, whose recipe is the same everywhere.
#include <algorithm>

#include "tests/cuda/device_testing.h"
#include "tests/test_model.h"

namespace qwq::test {
namespace {

constexpr int32_t kLayers = 3;

struct Shape small_shape() {
  struct Shape shape{"Q8_0"};
  shape.dtype = QWQ_Q8_0;
  shape.n_layers = kLayers;
  shape.hidden = 64;
  shape.intermediate = 128;
  shape.head_dim = 64 / shape.n_heads;
  return shape;
}

qwq_placement placement(const char* device, int32_t n_layers) {
  qwq_placement p{};
  std::strncpy(p.device, device, sizeof(p.device) - 1);
  p.n_layers = n_layers;
  return p;
}

qwq_engine_config placed(const std::vector<qwq_placement>& placements) {
  qwq_engine_config config = engine_config({QWQ_BACKEND_CUDA, ""}, 1);
  config.placements = placements.data();
  config.n_placements = static_cast<int32_t>(placements.size());
  return config;
}

qwq_engine_config sixteen_sequences(const BackendChoice& backend) {
  qwq_engine_config config = engine_config(backend, 1);
  config.max_sequences = 16;
  return config;
}

std::vector<int32_t> some_tokens(int32_t n, int32_t vocab, uint64_t salt) {
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < n; ++i) {
    tokens.push_back(static_cast<int32_t>(counter_hash(kSeed + salt, static_cast<uint64_t>(i)) %
                                          static_cast<uint64_t>(vocab)));
  }
  return tokens;
}

// Sequence i of a batch: a past of some tokens, and then one token a step.
std::vector<int32_t> table_of(int32_t i) { return {4 * i + 1, 4 * i + 3, 4 * i, 4 * i + 2}; }
int32_t past_of(int32_t i) { return 1 + 5 * i % 17; }

// Logits of `steps` steps in which n sequences generate a token each.
std::vector<float> generate(TestEngine& engine, int32_t n, int32_t steps) {
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

// Empty where no cpu variant fuses.
std::vector<float> on_cpu(TestModel& model, int32_t n, int32_t steps) {
  const Backend* cpu = fused_cpu_backend();
  if (cpu == nullptr) return {};
  TestEngine engine(model, sixteen_sequences({QWQ_BACKEND_CPU, cpu->name}));
  return generate(engine, n, steps);
}

int32_t create(TestModel& model, const qwq_engine_config& config, qwq_error* error) {
  qwq_engine* engine = nullptr;
  const int32_t status = qwq_engine_create(model.handle(), &config, &engine, error);
  qwq_engine_destroy(engine);
  return status;
}

void expect_bad(TestModel& model, const std::vector<qwq_placement>& placements, const char* message) {
  qwq_error error{};
  CHECK_EQ(create(model, placed(placements), &error), static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
  if (std::string(error.message).find(message) == std::string::npos) {
    fail(__FILE__, __LINE__, "expected \"", message, "\", found \"", error.message, "\"");
  }
}

}  // namespace

TEST(layers_in_several_places_give_the_same_bits) {
  TestModel model(small_shape(), kSeed);
  const std::vector<float> expected = on_cpu(model, 2, 4);
  for (const auto& placements : std::vector<std::vector<qwq_placement>>{
           {placement("sim", kLayers)},
           {placement("cpu", kLayers)},
           {placement("cpu", 1), placement("sim", 2)},
           {placement("sim", 2), placement("cpu", 1)},
           {placement("sim", 1), placement("sim", 2)},
           {placement("cpu", 1), placement("sim", 1), placement("cpu", 1)}}) {
    TestEngine engine(model, placed(placements));
    const std::vector<float> logits = generate(engine, 2, 4);
    if (!expected.empty()) expect_same_bits("placed", logits, expected);
  }
}

TEST(captured_steps_of_any_number_of_rows_give_the_same_bits) {
  TestModel model(small_shape(), kSeed + 1);
  // 9 and 11 sequences make 16 rows. The longest crosses a block of 16 tokens, whose table grows.
  for (const int32_t n : {1, 2, 8, 9, 11}) {
    const std::vector<float> expected = on_cpu(model, n, 5);
    TestEngine engine(model, sixteen_sequences({QWQ_BACKEND_CUDA, "sim"}));
    const std::vector<float> logits = generate(engine, n, 5);
    if (!expected.empty()) expect_same_bits("captured", logits, expected);
  }
}

TEST(a_cancelled_capture_is_made_again) {
  TestModel model(small_shape(), kSeed + 2);
  const std::vector<float> expected = on_cpu(model, 1, 2);
  TestEngine engine(model, BackendChoice{QWQ_BACKEND_CUDA, "sim"}, 1);
  TestRun run({1}, table_of(0), 0, QWQ_ROLE_GENERATED, engine.vocab);
  const int32_t cancel = 1;
  qwq_batch batch{};
  batch.sequences = &run.view;
  batch.n_sequences = 1;
  batch.cancel = &cancel;
  qwq_error error{};
  CHECK_EQ(qwq_step(engine.handle, &batch, &error), static_cast<int32_t>(QWQ_CANCELLED));
  const std::vector<float> logits = generate(engine, 1, 2);
  if (!expected.empty()) expect_same_bits("after a cancel", logits, expected);
}

TEST(kv_blocks_hold_the_layers_of_all_places) {
  TestModel model(small_shape(), kSeed + 3);
  const Backend* cpu = fused_cpu_backend();
  if (cpu == nullptr) return;
  const std::vector<qwq_placement> places = {placement("cpu", 1), placement("sim", 2)};
  TestEngine whole(model, BackendChoice{QWQ_BACKEND_CPU, cpu->name}, 1);
  TestEngine parts(model, placed(places));
  CHECK_EQ(whole.kv_block_bytes, parts.kv_block_bytes);
  std::vector<std::byte> blocks[2];
  int i = 0;
  for (TestEngine* engine : {&whole, &parts}) {
    TestRun run(some_tokens(16, engine->vocab, 9), {3}, 0, QWQ_ROLE_GENERATED, engine->vocab);
    step(*engine, {&run});
    CHECK_OK(qwq_kv_copy(engine->handle, 3, 7, error));
    blocks[i].resize(engine->kv_block_bytes);
    CHECK_OK(qwq_kv_read(engine->handle, 7, blocks[i].data(), blocks[i].size(), error));
    ++i;
  }
  CHECK(blocks[0] == blocks[1]);
  // And back: block 5 now stands for 16 tokens.
  std::vector<float> next[2];
  i = 0;
  for (TestEngine* engine : {&whole, &parts}) {
    CHECK_OK(qwq_kv_write(engine->handle, 5, blocks[0].data(), blocks[0].size(), error));
    TestRun run({2}, {5, 6}, 16, QWQ_ROLE_GENERATED, engine->vocab);
    step(*engine, {&run});
    next[i++] = run.logits;
  }
  expect_same_bits("after qwq_kv_write", next[1], next[0]);
}

TEST(memory_is_told_by_placement) {
  TestModel model(small_shape(), kSeed);
  const std::vector<qwq_placement> places = {placement("cpu", 1), placement("sim", 2)};
  const qwq_engine_config config = placed(places);
  qwq_placement_memory host, device;
  CHECK_OK(qwq_engine_placement_memory(model.handle(), &config, 0, &host, error));
  CHECK_OK(qwq_engine_placement_memory(model.handle(), &config, 1, &device, error));
  CHECK_EQ(std::string(host.device), std::string("cpu"));
  CHECK_EQ(std::string(device.device), std::string("sim"));
  CHECK_EQ(host.first_layer, 0);
  CHECK_EQ(device.first_layer, 1);
  CHECK_EQ(device.n_layers, 2);
  CHECK_EQ(host.weights_bytes, uint64_t{0});
  qwq_memory all;
  CHECK_OK(qwq_engine_memory(model.handle(), &config, &all, error));
  CHECK_EQ(all.kv_cache_bytes, host.kv_cache_bytes + device.kv_cache_bytes);
  // Two of three layers, and a spare block in each.
  const uint64_t layer_block = all.kv_bytes_per_token / kLayers * static_cast<uint64_t>(config.kv_block_size);
  CHECK_EQ(host.kv_cache_bytes, layer_block * static_cast<uint64_t>(config.n_kv_blocks));
  CHECK_EQ(device.kv_cache_bytes, 2 * layer_block * static_cast<uint64_t>(config.n_kv_blocks + 1));
  CHECK(all.workspace_bytes > host.workspace_bytes + device.workspace_bytes);
  qwq_error error{};
  CHECK_EQ(qwq_engine_placement_memory(model.handle(), &config, 2, &host, &error),
           static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
  CHECK(std::string(error.message).find("index: expected 0 .. 1, found 2") == 0);
}

TEST(loading_is_counted_and_can_be_cancelled) {
  TestModel model(small_shape(), kSeed);
  qwq_engine_config config = engine_config({QWQ_BACKEND_CUDA, "sim"}, 1);
  qwq_placement_memory memory;
  CHECK_OK(qwq_engine_placement_memory(model.handle(), &config, 0, &memory, error));
  uint64_t loaded = 0;
  int32_t cancel = 0;
  config.loaded_bytes = &loaded;
  config.load_cancel = &cancel;
  qwq_error error{};
  CHECK_EQ(create(model, config, &error), static_cast<int32_t>(QWQ_OK));
  CHECK_EQ(loaded, memory.weights_bytes);
  cancel = 1;
  CHECK_EQ(create(model, config, &error), static_cast<int32_t>(QWQ_CANCELLED));
}

TEST(bad_placements_are_named) {
  TestModel model(small_shape(), kSeed);
  expect_bad(model, {placement("sim", 2)}, "config.placements: they have 2 layers, the model has 3");
  expect_bad(model, {placement("sim", 2), placement("cpu", 2)},
             "config.placements[1].n_layers: 1 of 3 layers are left, found 2");
  expect_bad(model, {placement("sim", 0), placement("cpu", 3)}, "config.placements[0].n_layers");
  expect_bad(model, std::vector<qwq_placement>(4, placement("cpu", 1)), "config.n_placements");
  qwq_error error{};
  qwq_engine_config config = placed({placement("sim", kLayers)});
  config.placements = nullptr;
  CHECK_EQ(create(model, config, &error), static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
  qwq_placement unending = placement("sim", kLayers);
  std::memset(unending.device, 'x', sizeof(unending.device));
  expect_bad(model, {unending}, "config.placements[0].device is not NUL-terminated");
  config = placed({placement("cpu", kLayers)});
  config.backend = QWQ_BACKEND_CPU;
  CHECK_EQ(create(model, config, &error), static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
