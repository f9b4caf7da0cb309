// Checks of what qwq_model_create is handed. All throw Error(QWQ_INVALID_ARGUMENT).
#pragma once

#include <string>
#include <vector>

#include "qwq.h"
#include "runtime/model.h"

namespace qwq {

ModelConfig check_config(const qwq_model_config& config);

// Expects head_dim to have passed check_config.
RopeConfig check_rope_config(const qwq_model_config& config);

// A tensor that must be there, of a known format, of exactly rows x cols, with exactly its bytes.
Tensor check_tensor(const std::string& name, const qwq_tensor& source, int64_t rows, int64_t cols);

// The only row of a tensor, decoded to f32.
std::vector<float> widen_vector(const Tensor& vector);

}  // namespace qwq
