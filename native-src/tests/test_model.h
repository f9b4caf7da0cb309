// Small random models for the tests of the runtime, with the values their formats really hold.
#pragma once

#include <cmath>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "qwq.h"
#include "tests/check.h"

namespace qwq::test {

#define CHECK_OK(call)                                                                        \
  do {                                                                                        \
    qwq_error error_{};                                                                       \
    qwq_error* error = &error_;                                                               \
    const int32_t status_ = (call);                                                           \
    if (status_ != QWQ_OK) ::qwq::test::fail(__FILE__, __LINE__, #call ": ", error->message); \
  } while (false)

struct Shape {
  const char* name;
  int32_t dtype = QWQ_F32;
  int32_t n_layers = 2;
  int32_t hidden = 32;
  int32_t intermediate = 64;
  int32_t n_heads = 4;
  int32_t n_kv_heads = 2;
  int32_t head_dim = 8;
  int32_t vocab = 50;
  int32_t n_token_ids = 47;
  bool tied = false;
  bool bias = true;
  bool yarn = false;
  float rope_theta = 10000;
};

// A tensor in its format beside what it decodes to.
struct TestTensor {
  std::vector<std::byte> bytes;
  std::vector<float> values;
  qwq_tensor view{};

  float at(int64_t row, int64_t col) const { return values[static_cast<size_t>(row * view.cols + col)]; }
};

struct TestLayer {
  TestTensor attn_norm, q, q_bias, k, k_bias, v, v_bias, o, ffn_norm, gate, up, down;
};

class TestModel {
 public:
  TestModel(const Shape& shape, uint64_t seed) : shape(shape), seed_(seed) {
    const int32_t q_size = shape.n_heads * shape.head_dim;
    const int32_t kv_size = shape.n_kv_heads * shape.head_dim;
    token_embd = matrix(shape.vocab, shape.hidden, 1);
    output_norm = norm();
    if (!shape.tied) output = matrix(shape.vocab, shape.hidden, 0);
    for (int32_t i = 0; i < shape.n_layers; ++i) {
      TestLayer layer;
      layer.attn_norm = norm();
      layer.q = matrix(q_size, shape.hidden, 0);
      layer.k = matrix(kv_size, shape.hidden, 0);
      layer.v = matrix(kv_size, shape.hidden, 0);
      if (shape.bias) {
        layer.q_bias = vector(q_size, 0, 0.5f);
        layer.k_bias = vector(kv_size, 0, 0.5f);
        layer.v_bias = vector(kv_size, 0, 0.5f);
      }
      layer.o = matrix(shape.hidden, q_size, 0);
      layer.ffn_norm = norm();
      layer.gate = matrix(shape.intermediate, shape.hidden, 0);
      layer.up = matrix(shape.intermediate, shape.hidden, 0);
      layer.down = matrix(shape.hidden, shape.intermediate, 0);
      layers.push_back(std::move(layer));
    }
    build_views();
  }
  TestModel(const TestModel&) = delete;
  TestModel& operator=(const TestModel&) = delete;
  ~TestModel() { qwq_model_destroy(handle_); }

  // Created on first use, so that tests can damage config and weights before.
  qwq_model* handle() {
    if (handle_ == nullptr) CHECK_OK(qwq_model_create(&config, &weights, &handle_, error));
    return handle_;
  }

  Shape shape;
  qwq_model_config config{};
  qwq_weights weights{};
  std::vector<qwq_layer_weights> layer_views;

  TestTensor token_embd, output_norm, output;
  std::vector<TestLayer> layers;

 private:
  TestTensor tensor(int32_t dtype, int64_t rows, int64_t cols, const std::vector<float>& source) {
    qwq_dtype_info info;
    CHECK_OK(qwq_dtype_get(dtype, &info, error));
    TestTensor t;
    t.bytes.resize(static_cast<size_t>(rows * (cols / info.block_elements) * info.block_bytes));
    t.values.resize(source.size());
    CHECK_OK(qwq_quantize(dtype, source.data(), rows, cols, t.bytes.data(), t.bytes.size(), error));
    CHECK_OK(qwq_dequantize(dtype, t.bytes.data(), t.bytes.size(), rows, cols, t.values.data(), error));
    t.view = {t.bytes.data(), t.bytes.size(), rows, cols, dtype, 0};
    return t;
  }

  std::vector<float> normal(int64_t count, float stddev) {
    std::vector<float> values(static_cast<size_t>(count));
    CHECK_OK(qwq_fill_normal(seed_, offset_, stddev, values.data(), values.size(), error));
    offset_ += values.size();
    return values;
  }

  // stddev 0: 1 / sqrt(cols), which keeps activations of the order of 1.
  TestTensor matrix(int64_t rows, int64_t cols, float stddev) {
    if (stddev == 0) stddev = 1 / std::sqrt(static_cast<float>(cols));
    return tensor(shape.dtype, rows, cols, normal(rows * cols, stddev));
  }

  TestTensor vector(int64_t size, float mean, float stddev) {
    std::vector<float> values = normal(size, stddev);
    for (float& value : values) value += mean;
    return tensor(QWQ_F32, 1, size, values);
  }

  TestTensor norm() { return vector(shape.hidden, 1, 0.1f); }

  void build_views() {
    config.architecture = QWQ_ARCH_QWEN2;
    config.n_layers = shape.n_layers;
    config.hidden_size = shape.hidden;
    config.intermediate_size = shape.intermediate;
    config.n_heads = shape.n_heads;
    config.n_kv_heads = shape.n_kv_heads;
    config.head_dim = shape.head_dim;
    config.vocab_size = shape.vocab;
    config.n_token_ids = shape.n_token_ids;
    config.rms_norm_eps = 1e-5f;
    config.rope_theta = shape.rope_theta;
    if (shape.yarn) {
      config.rope_scaling = QWQ_ROPE_YARN;
      config.yarn_factor = 4;
      config.yarn_beta_fast = 32;
      config.yarn_beta_slow = 1;
      config.yarn_original_context = 256;
    }
    for (TestLayer& l : layers) {
      layer_views.push_back({l.attn_norm.view, l.q.view, l.q_bias.view, l.k.view, l.k_bias.view, l.v.view,
                             l.v_bias.view, l.o.view, l.ffn_norm.view, l.gate.view, l.up.view, l.down.view});
    }
    weights.token_embd = token_embd.view;
    weights.output_norm = output_norm.view;
    weights.output = output.view;
    weights.layers = layer_views.data();
    weights.n_layers = shape.n_layers;
  }

  uint64_t seed_;
  uint64_t offset_ = 0;
  qwq_model* handle_ = nullptr;
};

// Which kernels an engine runs on: "reference" or a variant of the cpu backend.
struct BackendChoice {
  int32_t backend;
  std::string isa;

  std::string name() const { return backend == QWQ_BACKEND_REFERENCE ? "reference" : isa; }
};

// The reference and every variant this machine can run.
inline std::vector<BackendChoice> usable_backends() {
  std::vector<BackendChoice> choices{{QWQ_BACKEND_REFERENCE, ""}};
  for (int32_t i = 0; i < qwq_cpu_isa_count(); ++i) {
    qwq_cpu_isa isa;
    CHECK_OK(qwq_cpu_isa_get(i, &isa, error));
    if (isa.compiled && isa.cpu_has && isa.os_enabled) choices.push_back({QWQ_BACKEND_CPU, isa.name});
  }
  return choices;
}

inline qwq_engine_config engine_config(const BackendChoice& backend, int32_t n_threads,
                                       int32_t kv_type = QWQ_KV_AUTO) {
  qwq_engine_config config{};
  config.kv_type = kv_type;
  config.backend = backend.backend;
  config.n_threads = n_threads;
  std::strncpy(config.cpu_isa, backend.isa.c_str(), sizeof(config.cpu_isa) - 1);
  config.kv_block_size = 16;
  config.n_kv_blocks = 64;
  config.max_batch_tokens = 128;
  config.max_sequences = 8;
  return config;
}

class TestEngine {
 public:
  TestEngine(TestModel& model, const qwq_engine_config& config)
      : vocab(model.shape.vocab), n_kv_blocks(config.n_kv_blocks) {
    CHECK_OK(qwq_engine_create(model.handle(), &config, &handle, error));
    qwq_memory memory;
    CHECK_OK(qwq_engine_memory(model.handle(), &config, &memory, error));
    kv_block_bytes = memory.kv_bytes_per_token * static_cast<uint64_t>(config.kv_block_size);
  }
  TestEngine(TestModel& model, const BackendChoice& backend, int32_t n_threads)
      : TestEngine(model, engine_config(backend, n_threads)) {}
  TestEngine(const TestEngine&) = delete;
  TestEngine& operator=(const TestEngine&) = delete;
  ~TestEngine() { qwq_engine_destroy(handle); }

  qwq_engine* handle = nullptr;
  int32_t vocab;
  int32_t n_kv_blocks;
  uint64_t kv_block_bytes = 0;
};

// A sequence of a batch that asks for the logits after every token, with the memory behind it.
struct TestRun {
  TestRun(std::vector<int32_t> token_ids, std::vector<int32_t> blocks, int32_t position, int32_t role,
          int32_t vocab)
      : tokens(std::move(token_ids)),
        table(std::move(blocks)),
        logits(tokens.size() * static_cast<size_t>(vocab)) {
    view.tokens = tokens.data();
    view.n_tokens = static_cast<int32_t>(tokens.size());
    view.block_table = table.data();
    view.n_blocks = static_cast<int32_t>(table.size());
    view.position = position;
    view.role = role;
    view.logits = logits.data();
    view.n_logits = view.n_tokens;
  }
  TestRun(const TestRun&) = delete;
  TestRun& operator=(const TestRun&) = delete;

  std::vector<int32_t> tokens;
  std::vector<int32_t> table;
  std::vector<float> logits;  // [n_tokens, vocab]
  qwq_sequence view{};
};

inline void step(TestEngine& engine, const std::vector<TestRun*>& runs) {
  std::vector<qwq_sequence> sequences;
  for (TestRun* run : runs) sequences.push_back(run->view);
  qwq_batch batch{};
  batch.sequences = sequences.data();
  batch.n_sequences = static_cast<int32_t>(sequences.size());
  CHECK_OK(qwq_step(engine.handle, &batch, error));
}

}  // namespace qwq::test
