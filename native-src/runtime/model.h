#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "qwq.h"
#include "runtime/mapped_guard.h"
#include "runtime/rope.h"
#include "runtime/tensor.h"

namespace qwq {

// Hyper-parameters of the Qwen2 architecture, all checked.
struct ModelConfig {
  int n_layers;
  int64_t hidden_size;
  int64_t intermediate_size;
  int n_heads;
  int n_kv_heads;
  int head_dim;
  int64_t vocab_size;
  int64_t n_token_ids;  // higher ids are padding and never sampled
  float rms_norm_eps;

  int64_t q_size() const { return static_cast<int64_t>(n_heads) * head_dim; }
  int64_t kv_size() const { return static_cast<int64_t>(n_kv_heads) * head_dim; }
};

// One decoder layer. Vectors are widened to f32 once; matrices stay where they lie. Absent biases are null.
struct Layer {
  const float* attn_norm;  // [hidden]
  Tensor q_proj;           // [q_size, hidden]
  Tensor k_proj;           // [kv_size, hidden]
  Tensor v_proj;           // [kv_size, hidden]
  const float* q_bias;     // [q_size]
  const float* k_bias;     // [kv_size]
  const float* v_bias;     // [kv_size]
  Tensor o_proj;           // [hidden, q_size]
  const float* ffn_norm;   // [hidden]
  Tensor gate_proj;        // [intermediate, hidden]
  Tensor up_proj;          // [intermediate, hidden]
  Tensor down_proj;        // [hidden, intermediate]
};

// Validated configuration and weight descriptors. Immutable, so any thread may read it.
class Model {
 public:
  // Throws Error(QWQ_INVALID_ARGUMENT) naming field or tensor, expected and found. Copies descriptors and
  // vectors; the matrices' data must outlive the model. Throws Error(QWQ_WEIGHTS_DAMAGED) if a guarded file
  // is shorter than its mapping.
  Model(const qwq_model_config& config, const qwq_weights& weights);
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const ModelConfig& config() const { return config_; }
  const Rope& rope() const { return rope_; }
  const Tensor& token_embd() const { return token_embd_; }  // [vocab, hidden]
  const std::vector<Layer>& layers() const { return layers_; }
  const float* output_norm() const { return output_norm_; }  // [hidden]
  const Tensor& lm_head() const { return lm_head_; }         // [vocab, hidden]; token_embd when tied

  // Throws Error(QWQ_WEIGHTS_DAMAGED) once a guarded file was found truncated.
  void check_undamaged() const;

 private:
  ModelConfig config_;
  std::unique_ptr<MappedGuard> guard_;  // null unless the configuration asks for it
  Rope rope_;
  Tensor token_embd_;
  std::vector<Layer> layers_;
  const float* output_norm_;
  Tensor lm_head_;
  std::deque<std::vector<float>> vectors_;  // what the const float* above and in Layer point into
};

}  // namespace qwq
