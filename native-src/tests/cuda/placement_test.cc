// Engines whose layers lie in several places, through the C ABI: the bits of the cpu backend. Everything here
// is generated tokens with K and V in f16, whose recipe is the same everywhere.
#include <algorithm>

#include "tests/cuda/device_testing.h"
#include "tests/cuda/generating.h"

namespace qwq::test {
namespace {

qwq_placement placement(const char* device, int32_t n_layers) {
  qwq_placement p{};
  std::strncpy(p.device, device, sizeof(p.device) - 1);
  p.n_layers = n_layers;
  return p;
}

qwq_engine_config placed(const std::vector<qwq_placement>& placements) {
  qwq_engine_config config = engine_config({QWQ_BACKEND_CUDA, ""}, 1, QWQ_KV_F16);
  config.placements = placements.data();
  config.n_placements = static_cast<int32_t>(placements.size());
  return config;
}

// Empty where no cpu variant fuses.
std::vector<float> on_cpu(TestModel& model, int32_t n, int32_t steps) {
  const Backend* cpu = fused_cpu_backend();
  if (cpu == nullptr) return {};
  TestEngine engine(model, engine_config({QWQ_BACKEND_CPU, cpu->name}, 1, QWQ_KV_F16));
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
           {placement(kTestDevice, kLayers)},
           {placement("cpu", kLayers)},
           {placement("cpu", 1), placement(kTestDevice, 2)},
           {placement(kTestDevice, 2), placement("cpu", 1)},
           {placement(kTestDevice, 1), placement(kTestDevice, 2)},
           {placement("cpu", 1), placement(kTestDevice, 1), placement("cpu", 1)}}) {
    TestEngine engine(model, placed(placements));
    const std::vector<float> logits = generate(engine, 2, 4);
    if (!expected.empty()) expect_same_bits("placed", logits, expected);
  }
}

TEST(kv_blocks_hold_the_layers_of_all_places) {
  TestModel model(small_shape(), kSeed + 3);
  const Backend* cpu = fused_cpu_backend();
  if (cpu == nullptr) return;
  const std::vector<qwq_placement> places = {placement("cpu", 1), placement(kTestDevice, 2)};
  TestEngine whole(model, engine_config({QWQ_BACKEND_CPU, cpu->name}, 1, QWQ_KV_F16));
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
  const std::vector<qwq_placement> places = {placement("cpu", 1), placement(kTestDevice, 2)};
  const qwq_engine_config config = placed(places);
  qwq_placement_memory host, device;
  CHECK_OK(qwq_engine_placement_memory(model.handle(), &config, 0, &host, error));
  CHECK_OK(qwq_engine_placement_memory(model.handle(), &config, 1, &device, error));
  CHECK_EQ(std::string(host.device), std::string("cpu"));
  CHECK_EQ(std::string(device.device), std::string(kTestDevice));
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

TEST(a_device_anywhere_decides_how_all_layers_keep_their_kv) {
  struct Shape shape = small_shape();
  shape.head_dim = 32;
  TestModel model(shape, kSeed);
  const std::string on_sim = "are on device \"" + std::string(kTestDevice) + "\": use f16";
  for (const auto& [placements, refusal] : std::vector<std::pair<std::vector<qwq_placement>, std::string>>{
           {{placement(kTestDevice, kLayers)}, "layers 0 to 2 " + on_sim},
           {{placement("cpu", 1), placement(kTestDevice, 2)}, "layers 1 to 2 " + on_sim},
           {{placement(kTestDevice, 2), placement("cpu", 1)}, "layers 0 to 1 " + on_sim}}) {
    qwq_engine_config config = placed(placements);
    for (const auto& [kv_type, layout] :
         {std::pair<int32_t, const char*>{QWQ_KV_AUTO, "f16"}, {QWQ_KV_F16, "f16"}, {QWQ_KV_Q8_0, "q8_0"}}) {
      config.kv_type = kv_type;
      qwq_memory memory;
      CHECK_OK(qwq_engine_memory(model.handle(), &config, &memory, error));
      CHECK_EQ(std::string(memory.kv_layout), std::string(layout));
    }
    config.kv_type = QWQ_KV_I16;
    qwq_error error{};
    CHECK_EQ(create(model, config, &error), static_cast<int32_t>(QWQ_UNSUPPORTED));
    CHECK_EQ(std::string(error.message),
             "config.kv_type: i16 is for engines whose layers are all on the cpu, but " + refusal);
  }
}

TEST(layers_that_are_all_placed_on_the_cpu_keep_their_kv_as_the_cpu_does) {
  struct Shape shape = small_shape();
  shape.head_dim = 32;
  TestModel model(shape, kSeed);
  const std::vector<qwq_placement> places = {placement("cpu", 1), placement("cpu", 2)};
  qwq_engine_config config = placed(places);
  for (const auto& [kv_type, layout] : {std::pair<int32_t, const char*>{QWQ_KV_AUTO, "i16"},
                                        {QWQ_KV_F16, "f16"},
                                        {QWQ_KV_I16, "i16"},
                                        {QWQ_KV_Q8_0, "i8"}}) {
    config.kv_type = kv_type;
    qwq_memory memory;
    CHECK_OK(qwq_engine_memory(model.handle(), &config, &memory, error));
    CHECK_EQ(std::string(memory.kv_layout), std::string(layout));
  }
}

TEST(loading_is_counted_and_can_be_cancelled) {
  TestModel model(small_shape(), kSeed);
  qwq_engine_config config = engine_config({QWQ_BACKEND_CUDA, kTestDevice}, 1);
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

TEST(too_little_memory_is_an_error_with_figures) {
#if !defined(__CUDACC__)
  TestModel model(small_shape(), kSeed);
  qwq_error error{};
  CHECK_EQ(create(model, engine_config({QWQ_BACKEND_CUDA, "sim:64MiB"}, 1), &error),
           static_cast<int32_t>(QWQ_OUT_OF_MEMORY));
  const std::string message = error.message;
  CHECK(message.find("device \"sim:64MiB\" has 64 MiB of memory free, the engine needs ") == 0);
  CHECK(message.find("weights 1 MiB, KV cache 1 MiB, workspace ") != std::string::npos);
  CHECK_EQ(create(model, engine_config({QWQ_BACKEND_CUDA, "sim:128MiB"}, 1), &error),
           static_cast<int32_t>(QWQ_OK));
#endif
}

// Matrices of other shapes in the same memory.
TEST(weights_may_overlap) {
  TestModel model(small_shape(), kSeed + 4);
  for (qwq_layer_weights& layer : model.layer_views) layer.attn_k.data = layer.attn_q.data;
  const std::vector<float> expected = on_cpu(model, 2, 2);
  TestEngine engine(model, BackendChoice{QWQ_BACKEND_CUDA, kTestDevice}, 1);
  const std::vector<float> logits = generate(engine, 2, 2);
  if (!expected.empty()) expect_same_bits("overlapping", logits, expected);
}

TEST(bad_placements_are_named) {
  TestModel model(small_shape(), kSeed);
  expect_bad(model, {placement(kTestDevice, 2)}, "config.placements: they have 2 layers, the model has 3");
  expect_bad(model, {placement(kTestDevice, 2), placement("cpu", 2)},
             "config.placements[1].n_layers: 1 of 3 layers are left, found 2");
  expect_bad(model, {placement(kTestDevice, 0), placement("cpu", 3)}, "config.placements[0].n_layers");
  expect_bad(model, std::vector<qwq_placement>(4, placement("cpu", 1)), "config.n_placements");
  qwq_error error{};
  qwq_engine_config config = placed({placement(kTestDevice, kLayers)});
  config.placements = nullptr;
  CHECK_EQ(create(model, config, &error), static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
  qwq_placement unending = placement(kTestDevice, kLayers);
  std::memset(unending.device, 'x', sizeof(unending.device));
  expect_bad(model, {unending}, "config.placements[0].device is not NUL-terminated");
  config = placed({placement("cpu", kLayers)});
  config.backend = QWQ_BACKEND_CPU;
  CHECK_EQ(create(model, config, &error), static_cast<int32_t>(QWQ_INVALID_ARGUMENT));
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
