#include "runtime/model.h"

#include <cinttypes>
#include <string>

#include "runtime/error.h"
#include "runtime/model_checks.h"

namespace qwq {

namespace {

// Checks tensors against the shapes the configuration demands, has them guarded, keeps the widened vectors.
class WeightReader {
 public:
  WeightReader(MappedGuard* guard, std::deque<std::vector<float>>& vectors)
      : guard_(guard), vectors_(vectors) {}

  // Prefix of the tensors that follow, for messages: "layers[3]."
  void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }

  Tensor matrix(const char* name, const qwq_tensor& source, int64_t rows, int64_t cols) const {
    const Tensor tensor = check_tensor(prefix_ + name, source, rows, cols);
    if (guard_ != nullptr) guard_->watch(tensor.data, source.bytes);
    return tensor;
  }

  const float* vector(const char* name, const qwq_tensor& source, int64_t size) {
    const Tensor tensor = matrix(name, source, 1, size);
    return vectors_.emplace_back(widen_vector(tensor)).data();
  }

  const float* optional_vector(const char* name, const qwq_tensor& source, int64_t size) {
    return source.data == nullptr ? nullptr : vector(name, source, size);
  }

 private:
  MappedGuard* guard_;
  std::deque<std::vector<float>>& vectors_;
  std::string prefix_;
};

Layer read_layer(WeightReader& reader, const qwq_layer_weights& w, const ModelConfig& c) {
  Layer layer;
  layer.attn_norm = reader.vector("attn_norm", w.attn_norm, c.hidden_size);
  layer.q_proj = reader.matrix("attn_q", w.attn_q, c.q_size(), c.hidden_size);
  layer.k_proj = reader.matrix("attn_k", w.attn_k, c.kv_size(), c.hidden_size);
  layer.v_proj = reader.matrix("attn_v", w.attn_v, c.kv_size(), c.hidden_size);
  layer.q_bias = reader.optional_vector("attn_q_bias", w.attn_q_bias, c.q_size());
  layer.k_bias = reader.optional_vector("attn_k_bias", w.attn_k_bias, c.kv_size());
  layer.v_bias = reader.optional_vector("attn_v_bias", w.attn_v_bias, c.kv_size());
  layer.o_proj = reader.matrix("attn_output", w.attn_output, c.hidden_size, c.q_size());
  layer.ffn_norm = reader.vector("ffn_norm", w.ffn_norm, c.hidden_size);
  layer.gate_proj = reader.matrix("ffn_gate", w.ffn_gate, c.intermediate_size, c.hidden_size);
  layer.up_proj = reader.matrix("ffn_up", w.ffn_up, c.intermediate_size, c.hidden_size);
  layer.down_proj = reader.matrix("ffn_down", w.ffn_down, c.hidden_size, c.intermediate_size);
  return layer;
}

std::unique_ptr<MappedGuard> make_guard(const qwq_model_config& config) {
  constexpr size_t kOutsideLayers = sizeof(qwq_weights) / sizeof(qwq_tensor);
  constexpr size_t kPerLayer = sizeof(qwq_layer_weights) / sizeof(qwq_tensor);
  if (config.guard_mapping == 0) return nullptr;
  return std::make_unique<MappedGuard>(kOutsideLayers + kPerLayer * static_cast<size_t>(config.n_layers));
}

}  // namespace

Model::Model(const qwq_model_config& config, const qwq_weights& weights)
    : config_(check_config(config)), guard_(make_guard(config)), rope_(make_rope(check_rope_config(config))) {
  const ModelConfig& c = config_;
  if (weights.n_layers != c.n_layers) {
    invalid("weights.n_layers: expected %d as in the configuration, found %" PRId32, c.n_layers,
            weights.n_layers);
  }
  if (weights.layers == nullptr) invalid("weights.layers is NULL");

  WeightReader reader(guard_.get(), vectors_);
  token_embd_ = reader.matrix("token_embd", weights.token_embd, c.vocab_size, c.hidden_size);
  output_norm_ = reader.vector("output_norm", weights.output_norm, c.hidden_size);
  lm_head_ = weights.output.data == nullptr
                 ? token_embd_
                 : reader.matrix("output", weights.output, c.vocab_size, c.hidden_size);
  layers_.reserve(static_cast<size_t>(c.n_layers));
  for (int i = 0; i < c.n_layers; ++i) {
    reader.set_prefix("layers[" + std::to_string(i) + "].");
    layers_.push_back(read_layer(reader, weights.layers[i], c));
  }
  check_undamaged();
}

void Model::check_undamaged() const {
  if (guard_ != nullptr && guard_->damaged()) {
    fail(QWQ_WEIGHTS_DAMAGED, "a mapped weight file was truncated while in use; open the model again");
  }
}

}  // namespace qwq
