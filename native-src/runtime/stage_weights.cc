#include "runtime/stage_weights.h"

namespace qwq {

StageWeights::StageWeights(const Model& model, const Placement& placement) {
  const ModelConfig& m = model.config();
  const auto vector = [this](const float* data, int64_t size) {
    if (data != nullptr) vectors.push_back({data, size});
  };
  for (int i = 0; i < placement.n_layers; ++i) {
    const Layer& l = model.layers()[static_cast<size_t>(placement.first_layer + i)];
    for (const Tensor* matrix :
         {&l.q_proj, &l.k_proj, &l.v_proj, &l.o_proj, &l.gate_proj, &l.up_proj, &l.down_proj}) {
      matrices.push_back(matrix);
    }
    vector(l.attn_norm, m.hidden_size);
    vector(l.ffn_norm, m.hidden_size);
    vector(l.q_bias, m.q_size());
    vector(l.k_bias, m.kv_size());
    vector(l.v_bias, m.kv_size());
  }
  vector(model.rope().inv_freq.data(), m.head_dim / 2);
  if (placement.last) {
    matrices.push_back(&model.lm_head());
    vector(model.output_norm(), m.hidden_size);
  }
}

size_t StageWeights::bytes() const {
  size_t bytes = 0;
  for (const Tensor* matrix : matrices) {
    bytes += device_bytes(static_cast<size_t>(matrix->rows) * matrix->row_bytes);
  }
  for (const SessionVector& v : vectors) bytes += device_bytes(static_cast<size_t>(v.size) * sizeof(float));
  return bytes;
}

}  // namespace qwq
