// The C ABI from outside: every way to misuse it gives a status and a message that names the culprit.
#include <cstring>
#include <functional>
#include <limits>
#include <thread>

#include "capi/boundary.h"
#include "runtime/error.h"
#include "tests/test_model.h"

using namespace qwq::test;

namespace {

constexpr uint64_t kSeed = 31;
constexpr int32_t kMax = std::numeric_limits<int32_t>::max();

void check_failure(int32_t status, const qwq_error& error, int32_t expected_status,
                   const char* expected_text) {
  if (status != expected_status || error.status != expected_status ||
      std::strstr(error.message, expected_text) == nullptr) {
    fail(__FILE__, __LINE__, "expected status ", expected_status, " and \"", expected_text, "\", found ",
         status, "/", error.status, " and \"", error.message, "\"");
  }
}

// Calls with and without a qwq_error; a failure must be the same.
void expect(const std::function<int32_t(qwq_error*)>& call, int32_t expected_status,
            const char* expected_text) {
  qwq_error error;
  std::memset(&error, 0x5a, sizeof(error));
  const int32_t status = call(&error);
  CHECK(std::memchr(error.message, 0, sizeof(error.message)) != nullptr);
  check_failure(status, error, expected_status, expected_text);
  CHECK_EQ(call(nullptr), expected_status);
}

void expect_invalid(const std::function<int32_t(qwq_error*)>& call, const char* expected_text) {
  expect(call, QWQ_INVALID_ARGUMENT, expected_text);
}

// A model damaged in one place.
void expect_bad_model(const std::function<void(TestModel&)>& damage, const char* expected_text) {
  Shape shape{"capi"};
  shape.dtype = QWQ_Q8_0;
  shape.hidden = shape.intermediate = 64;
  shape.head_dim = 16;
  TestModel model(shape, kSeed);
  damage(model);
  qwq_model* out = reinterpret_cast<qwq_model*>(&shape);
  expect_invalid([&](qwq_error* e) { return qwq_model_create(&model.config, &model.weights, &out, e); },
                 expected_text);
  CHECK(out == nullptr);
}

void expect_bad_engine(const std::function<void(qwq_engine_config&)>& damage, int32_t status,
                       const char* expected_text) {
  TestModel model(Shape{"capi"}, kSeed);
  qwq_engine_config config = engine_config({QWQ_BACKEND_REFERENCE, ""}, 1);
  damage(config);
  qwq_engine* engine = nullptr;
  qwq_memory memory;
  expect([&](qwq_error* e) { return qwq_engine_create(model.handle(), &config, &engine, e); }, status,
         expected_text);
  CHECK(engine == nullptr);
  if (status == QWQ_OUT_OF_MEMORY) return;  // qwq_engine_memory only computes
  expect([&](qwq_error* e) { return qwq_engine_memory(model.handle(), &config, &memory, e); }, status,
         expected_text);
}

}  // namespace

TEST(library) {
  CHECK_EQ(qwq_abi_version(), static_cast<uint32_t>(QWQ_ABI_VERSION));
  CHECK(std::strlen(qwq_version()) >= 5);
  const int32_t count = qwq_cpu_isa_count();
  for (int32_t i = 0; i < count; ++i) {
    qwq_cpu_isa isa;
    CHECK_OK(qwq_cpu_isa_get(i, &isa, error));
    CHECK(std::strlen(isa.name) > 0);
  }
  qwq_cpu_isa isa;
  expect_invalid([&](qwq_error* e) { return qwq_cpu_isa_get(-1, &isa, e); }, "index");
  expect_invalid([&](qwq_error* e) { return qwq_cpu_isa_get(count, &isa, e); }, "index");
  expect_invalid([&](qwq_error* e) { return qwq_cpu_isa_get(0, nullptr, e); }, "out is NULL");
}

TEST(formats) {
  qwq_dtype_info info;
  for (const int32_t dtype : {QWQ_F32, QWQ_F16, QWQ_BF16, QWQ_Q8_0, QWQ_Q5_0, QWQ_Q5_1, QWQ_Q4_0, QWQ_Q4_1,
                              QWQ_Q2_K, QWQ_Q3_K, QWQ_Q4_K, QWQ_Q5_K, QWQ_Q6_K, QWQ_IQ4_NL, QWQ_IQ4_XS}) {
    CHECK_OK(qwq_dtype_get(dtype, &info, error));
    CHECK_EQ(info.dtype, dtype);
  }
  CHECK_OK(qwq_dtype_get(QWQ_Q4_K, &info, error));
  CHECK_EQ(std::string(info.name), "Q4_K");
  CHECK_EQ(info.block_elements, 256);
  CHECK_EQ(info.block_bytes, 144);
  for (const int32_t dtype : {-1, 5, 31, kMax}) {
    expect([&](qwq_error* e) { return qwq_dtype_get(dtype, &info, e); }, QWQ_UNSUPPORTED, "dtype");
  }
  expect_invalid([&](qwq_error* e) { return qwq_dtype_get(QWQ_F32, nullptr, e); }, "out is NULL");
}

TEST(quantize_and_dequantize) {
  std::vector<float> values(64, 1), decoded(64);
  std::vector<std::byte> bytes(68);
  const auto quantize = [&](int32_t dtype, int64_t rows, int64_t cols, uint64_t size) {
    return [&, dtype, rows, cols, size](qwq_error* e) {
      return qwq_quantize(dtype, values.data(), rows, cols, bytes.data(), size, e);
    };
  };
  CHECK_OK(qwq_quantize(QWQ_Q8_0, values.data(), 2, 32, bytes.data(), 68, error));
  CHECK_OK(qwq_dequantize(QWQ_Q8_0, bytes.data(), 68, 2, 32, decoded.data(), error));
  for (const float value : decoded) CHECK_NEAR(value, 1, 0x1p-11);  // 127 d with d = 1/127 rounded to f16
  CHECK_OK(qwq_quantize(QWQ_Q8_0, nullptr, 0, 32, nullptr, 0, error));
  expect_invalid(quantize(QWQ_Q8_0, 2, 32, 67), "expected 68 bytes");
  expect_invalid(quantize(QWQ_Q8_0, 2, 31, 68), "multiple of 32");
  expect_invalid(quantize(QWQ_Q8_0, -1, 32, 68), "rows");
  expect_invalid(quantize(QWQ_Q8_0, 2, -32, 68), "cols");
  expect_invalid(quantize(QWQ_F32, int64_t{1} << 62, int64_t{1} << 62, 0), "too large");
  expect_invalid(quantize(QWQ_Q4_K, int64_t{1} << 40, int64_t{1} << 30, 0), "too large");
  expect(quantize(5, 2, 32, 68), QWQ_UNSUPPORTED, "dtype");
  values[40] = std::numeric_limits<float>::quiet_NaN();
  expect_invalid(quantize(QWQ_Q8_0, 2, 32, 68), "src[1, 8]");
  expect_invalid([&](qwq_error* e) { return qwq_quantize(QWQ_Q8_0, nullptr, 2, 32, bytes.data(), 68, e); },
                 "src is NULL");
  expect_invalid([&](qwq_error* e) { return qwq_quantize(QWQ_Q8_0, values.data(), 2, 32, nullptr, 68, e); },
                 "dst is NULL");
  expect_invalid(
      [&](qwq_error* e) { return qwq_dequantize(QWQ_Q8_0, bytes.data(), 1, 2, 32, decoded.data(), e); },
      "expected 68 bytes");
  expect_invalid(
      [&](qwq_error* e) { return qwq_dequantize(QWQ_Q8_0, nullptr, 68, 2, 32, decoded.data(), e); },
      "src is NULL");
  expect_invalid([&](qwq_error* e) { return qwq_dequantize(QWQ_Q8_0, bytes.data(), 68, 2, 32, nullptr, e); },
                 "dst is NULL");
}

TEST(fill_normal) {
  std::vector<float> whole(100), parts(100);
  CHECK_OK(qwq_fill_normal(kSeed, 7, 0.5f, whole.data(), 100, error));
  CHECK_OK(qwq_fill_normal(kSeed, 7, 0.5f, parts.data(), 33, error));
  CHECK_OK(qwq_fill_normal(kSeed, 40, 0.5f, parts.data() + 33, 67, error));
  CHECK(whole == parts);
  CHECK_OK(qwq_fill_normal(kSeed, 0, 1, nullptr, 0, error));
  expect_invalid([&](qwq_error* e) { return qwq_fill_normal(1, 0, 1, nullptr, 1, e); }, "dst is NULL");
  expect_invalid([&](qwq_error* e) { return qwq_fill_normal(1, 0, -1, whole.data(), 1, e); }, "stddev");
  expect_invalid([&](qwq_error* e) { return qwq_fill_normal(1, UINT64_MAX, 1, whole.data(), 1, e); },
                 "offset");
}

TEST(model_configuration_is_checked) {
  const auto bad = [](auto change, const char* text) {
    expect_bad_model([&](TestModel& m) { change(m.config); }, text);
  };
  bad([](auto& c) { c.architecture = 2; }, "config.architecture");
  for (const int32_t value : {0, -1, std::numeric_limits<int32_t>::min()}) {
    bad([&](auto& c) { c.n_layers = value; }, "config.n_layers");
    bad([&](auto& c) { c.hidden_size = value; }, "config.hidden_size");
    bad([&](auto& c) { c.intermediate_size = value; }, "config.intermediate_size");
    bad([&](auto& c) { c.n_heads = value; }, "config.n_heads");
    bad([&](auto& c) { c.n_kv_heads = value; }, "config.n_kv_heads");
    bad([&](auto& c) { c.head_dim = value; }, "config.head_dim");
    bad([&](auto& c) { c.vocab_size = value; }, "config.vocab_size");
    bad([&](auto& c) { c.n_token_ids = value; }, "config.n_token_ids");
  }
  bad([](auto& c) { c.n_kv_heads = 3; }, "expected a divisor of n_heads = 4, found 3");
  bad([](auto& c) { c.head_dim = 15; }, "even");
  bad([](auto& c) { c.n_heads = c.n_kv_heads = kMax; }, "n_heads * head_dim");
  bad([](auto& c) { c.n_token_ids = 51; }, "vocab_size = 50, found 51");
  for (const float value :
       {-1.0f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    bad([&](auto& c) { c.rms_norm_eps = value; }, "config.rms_norm_eps");
    bad([&](auto& c) { c.rope_theta = value; }, "config.rope_theta");
    const auto yarn = [&](auto change, const char* text) {
      bad(
          [&](auto& c) {
            c.rope_scaling = QWQ_ROPE_YARN;
            c.yarn_factor = 4, c.yarn_beta_fast = 32, c.yarn_beta_slow = 1, c.yarn_original_context = 32;
            change(c);
          },
          text);
    };
    yarn([&](auto& c) { c.yarn_factor = value; }, "config.yarn_factor");
    yarn([&](auto& c) { c.yarn_beta_fast = value; }, "config.yarn_beta_fast");
    yarn([&](auto& c) { c.yarn_beta_slow = value; }, "config.yarn_beta_slow");
    yarn([&](auto& c) { c.yarn_attention_factor = value; }, "config.yarn_attention_factor");
    yarn([](auto& c) { c.yarn_original_context = 0; }, "config.yarn_original_context");
    yarn([](auto& c) { c.yarn_beta_fast = 0.5f; }, "config.yarn_beta_fast");
    yarn([](auto& c) { c.rope_theta = 1; }, "config.rope_theta");
  }
  bad([](auto& c) { c.guard_mapping = 2; }, "config.guard_mapping: expected 0 or 1, found 2");
  bad([](auto& c) { c.rope_scaling = 2; }, "config.rope_scaling");
}

TEST(model_weights_are_checked) {
  const auto bad = [](auto change, const char* text) {
    expect_bad_model([&](TestModel& m) { change(m.weights, m.layer_views); }, text);
  };
  bad([](auto& w, auto&) { w.n_layers = 1; },
      "weights.n_layers: expected 2 as in the configuration, found 1");
  bad([](auto& w, auto&) { w.layers = nullptr; }, "weights.layers is NULL");
  bad([](auto& w, auto&) { w.token_embd.data = nullptr; },
      "tensor token_embd: expected [50, 64], found none");
  bad([](auto& w, auto&) { w.output.rows = 49; }, "tensor output: expected [50, 64], found [49, 64]");
  bad([](auto& w, auto&) { w.output.bytes += 1; },
      "tensor output: expected 3400 bytes for [50, 64] Q8_0, found 3401");
  bad([](auto& w, auto&) { w.output.bytes = UINT64_MAX; }, "found 18446744073709551615");
  bad([](auto& w, auto&) { w.output_norm.dtype = 77; },
      "tensor output_norm: expected an enum qwq_dtype, found 77");
  bad([](auto& w, auto&) { w.output_norm.dtype = QWQ_Q4_K; }, "multiple of 256");
  bad([](auto&, auto& l) { l[1].attn_q.cols = 32; },
      "tensor layers[1].attn_q: expected [64, 64], found [64, 32]");
  bad([](auto&, auto& l) { l[1].attn_norm.data = nullptr; }, "tensor layers[1].attn_norm");
  bad([](auto&, auto& l) { l[0].attn_k.rows = 64; }, "tensor layers[0].attn_k: expected [32, 64]");
  bad([](auto&, auto& l) { l[0].attn_v.rows = 64; }, "tensor layers[0].attn_v: expected [32, 64]");
  bad([](auto&, auto& l) { l[0].attn_q_bias.rows = 2; }, "tensor layers[0].attn_q_bias: expected [1, 64]");
  bad([](auto&, auto& l) { l[0].attn_k_bias.cols = 2; }, "tensor layers[0].attn_k_bias: expected [1, 32]");
  bad([](auto&, auto& l) { l[0].attn_v_bias.bytes = 2; }, "tensor layers[0].attn_v_bias: expected 128 bytes");
  bad([](auto&, auto& l) { l[0].attn_output.rows = -1; }, "tensor layers[0].attn_output");
  bad([](auto&, auto& l) { l[0].ffn_norm.bytes = 0; }, "tensor layers[0].ffn_norm");
  bad([](auto&, auto& l) { l[0].ffn_gate.data = nullptr; }, "tensor layers[0].ffn_gate");
  bad([](auto&, auto& l) { l[0].ffn_up.dtype = -1; }, "tensor layers[0].ffn_up");
  bad([](auto&, auto& l) { l[0].ffn_down.cols = 0; }, "tensor layers[0].ffn_down");
}

TEST(model_handles_null) {
  TestModel model(Shape{"capi"}, kSeed);
  qwq_model* out = nullptr;
  expect_invalid([&](qwq_error* e) { return qwq_model_create(nullptr, &model.weights, &out, e); },
                 "config is NULL");
  expect_invalid([&](qwq_error* e) { return qwq_model_create(&model.config, nullptr, &out, e); },
                 "weights is NULL");
  expect_invalid([&](qwq_error* e) { return qwq_model_create(&model.config, &model.weights, nullptr, e); },
                 "out is NULL");
  qwq_model_destroy(nullptr);
}

TEST(engine_configuration_is_checked) {
  const auto bad = [](auto change, const char* text) {
    expect_bad_engine(change, QWQ_INVALID_ARGUMENT, text);
  };
  bad([](auto& c) { c.backend = 9; }, "config.backend");
  bad([](auto& c) { std::memset(c.cpu_isa, 'x', sizeof(c.cpu_isa)); }, "not NUL-terminated");
  bad([](auto& c) { std::strcpy(c.cpu_isa, "avx2"); },
      "the reference backend has no variants, found \"avx2\"");
  for (const int32_t value : {0, -1, 1025}) bad([=](auto& c) { c.n_threads = value; }, "config.n_threads");
  for (const int32_t value : {0, -16, 8, 24, 512})
    bad([=](auto& c) { c.kv_block_size = value; }, "config.kv_block_size");
  for (const int32_t value : {-1, 4})
    bad([=](auto& c) { c.kv_type = value; }, "config.kv_type: expected an enum qwq_kv_type, found");
  for (const int32_t value : {-1, 2}) {
    bad([=](auto& c) { c.pin_threads = value; }, "config.pin_threads: expected 0 .. 1, found");
  }
  expect_bad_engine([](auto& c) { c.kv_type = QWQ_KV_Q8_0; }, QWQ_UNSUPPORTED,
                    "config.kv_type: q8_0 keeps 32 elements to a scale, the model's head_dim is 8");
  for (const int32_t value : {0, -1}) {
    bad([=](auto& c) { c.n_kv_blocks = value; }, "config.n_kv_blocks");
    bad([=](auto& c) { c.max_batch_tokens = value; }, "config.max_batch_tokens");
    bad([=](auto& c) { c.max_sequences = value; }, "config.max_sequences");
  }
  expect_bad_engine(
      [](auto& c) {
        c.backend = QWQ_BACKEND_CPU;
        std::strcpy(c.cpu_isa, "z80\xff");
      },
      QWQ_UNSUPPORTED, "\"z80?\"");
}

// 2^31 - 1 blocks of 256 tokens at 256 bytes: 128 TiB, more than an operating system gives.
TEST(engine_without_memory_says_how_much) {
  expect_bad_engine(
      [](auto& c) {
        c.n_kv_blocks = kMax;
        c.kv_block_size = 256;
      },
      QWQ_OUT_OF_MEMORY, "KV cache: 140737488289792 bytes");
}

TEST(a_kv_type_says_how_many_bytes_a_token_takes_and_in_what_layout) {
  Shape shape{"capi"};
  shape.head_dim = 64;
  TestModel model(shape, kSeed);
  constexpr uint64_t kHeadF16 = 64 * 2;
  constexpr uint64_t kHeadI16 = 64 * 2 + 4;  // and a scale of 32 bits
  constexpr uint64_t kHead32 = 64 * 4;
  constexpr uint64_t kHead8 = 64 + 64 / 32 * 2;  // and scales of 16 bits
  struct Expected {
    int32_t backend, kv_type;
    const char* layout;
    uint64_t head_bytes;
  };
  for (const Expected& expected : {Expected{QWQ_BACKEND_CPU, QWQ_KV_AUTO, "i16", kHeadI16},
                                   {QWQ_BACKEND_CPU, QWQ_KV_F16, "f16", kHeadF16},
                                   {QWQ_BACKEND_CPU, QWQ_KV_I16, "i16", kHeadI16},
                                   {QWQ_BACKEND_CPU, QWQ_KV_Q8_0, "i8", kHead8},
                                   {QWQ_BACKEND_REFERENCE, QWQ_KV_AUTO, "f32", kHead32},
                                   {QWQ_BACKEND_REFERENCE, QWQ_KV_F16, "f32", kHead32},
                                   {QWQ_BACKEND_REFERENCE, QWQ_KV_I16, "f32", kHead32},
                                   {QWQ_BACKEND_REFERENCE, QWQ_KV_Q8_0, "q8_0", kHead8}}) {
    const qwq_engine_config config = engine_config({expected.backend, ""}, 1, expected.kv_type);
    qwq_memory memory{};
    CHECK_OK(qwq_engine_memory(model.handle(), &config, &memory, error));
    CHECK_EQ(std::string(memory.kv_layout), std::string(expected.layout));
    // layers * (K, V) * kv_heads
    CHECK_EQ(memory.kv_bytes_per_token, 2 * 2 * 2 * expected.head_bytes);
  }
}

TEST(engine_memory_is_computed) {
  Shape shape{"capi"};
  TestModel model(shape, kSeed);
  qwq_engine_config config = engine_config({QWQ_BACKEND_REFERENCE, ""}, 3);
  qwq_memory memory{};
  CHECK_OK(qwq_engine_memory(model.handle(), &config, &memory, error));
  // layers * (K, V) * kv_heads * head_dim * 4 bytes: the reference keeps f32
  CHECK_EQ(memory.kv_bytes_per_token, static_cast<uint64_t>(2 * 2 * 2 * 8 * 4));
  CHECK_EQ(memory.kv_cache_bytes, memory.kv_bytes_per_token * 16 * 64);
  const uint64_t workspace = memory.workspace_bytes;
  // Activations alone: rows * (hidden * 3 + q * 2 + kv * 2 + intermediate * 2) floats.
  CHECK(workspace > 128 * (32 * 3 + 32 * 2 + 16 * 2 + 64 * 2) * sizeof(float));
  config.max_batch_tokens *= 2;
  CHECK_OK(qwq_engine_memory(model.handle(), &config, &memory, error));
  CHECK(memory.workspace_bytes > workspace);
}

TEST(engine_handles_null) {
  TestModel model(Shape{"capi"}, kSeed);
  const qwq_engine_config config = engine_config({QWQ_BACKEND_REFERENCE, ""}, 1);
  qwq_engine* engine = nullptr;
  qwq_memory memory;
  expect_invalid([&](qwq_error* e) { return qwq_engine_create(nullptr, &config, &engine, e); },
                 "model is NULL");
  expect_invalid([&](qwq_error* e) { return qwq_engine_create(model.handle(), nullptr, &engine, e); },
                 "config is NULL");
  expect_invalid([&](qwq_error* e) { return qwq_engine_create(model.handle(), &config, nullptr, e); },
                 "out is NULL");
  expect_invalid([&](qwq_error* e) { return qwq_engine_memory(nullptr, &config, &memory, e); },
                 "model is NULL");
  expect_invalid([&](qwq_error* e) { return qwq_engine_memory(model.handle(), nullptr, &memory, e); },
                 "config is NULL");
  expect_invalid([&](qwq_error* e) { return qwq_engine_memory(model.handle(), &config, nullptr, e); },
                 "out is NULL");
  qwq_batch batch{};
  expect_invalid([&](qwq_error* e) { return qwq_step(nullptr, &batch, e); }, "engine is NULL");
  TestEngine real(model, config);
  expect_invalid([&](qwq_error* e) { return qwq_step(real.handle, nullptr, e); }, "batch is NULL");
  CHECK_EQ(std::string(qwq_engine_isa(real.handle)), "reference");
  CHECK_EQ(std::string(qwq_engine_isa(nullptr)), "");
  qwq_engine_destroy(nullptr);
}

TEST(exceptions_become_statuses) {
  const auto raise = [](auto exception) {
    return [exception](qwq_error* e) { return qwq::guarded(e, [&] { throw exception; }); };
  };
  expect(raise(std::bad_alloc()), QWQ_OUT_OF_MEMORY, "heap");
  expect(raise(std::length_error("too long")), QWQ_INTERNAL, "too long");
  expect(raise(std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again))),
         QWQ_OUT_OF_MEMORY, "unavailable");
  expect(raise(7), QWQ_INTERNAL, "unknown");
  expect(raise(qwq::Error(QWQ_CANCELLED, "stop")), QWQ_CANCELLED, "stop");
  expect(raise(qwq::Error(QWQ_INTERNAL, "caf\xc3\xa9 \n\x80")), QWQ_INTERNAL, "caf?? ??");
  expect(raise(qwq::Error(QWQ_INTERNAL, std::string(2000, 'x'))), QWQ_INTERNAL,
         std::string(507, 'x').c_str());
}

QWQ_TEST_MAIN
