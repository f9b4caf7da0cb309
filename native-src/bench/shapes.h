#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace qwq::bench {

// The sizes of a model that its operators depend on.
struct ModelShape {
  const char* name;
  int64_t hidden;
  int64_t intermediate;
  int n_heads;
  int n_kv_heads;
  int head_dim;
  int64_t vocab;
};

std::span<const ModelShape> model_shapes();

// The matrices that a forward pass multiplies with one input, in one call.
struct MatmulShape {
  std::string name;  // "32b.gate_up"
  int64_t cols;
  std::vector<int64_t> job_rows;  // rows of each weight matrix
  bool last_row_only;             // of a prompt only its last row takes part

  int64_t weights() const;
  int64_t out_columns() const;
};

std::vector<MatmulShape> matmul_shapes(const ModelShape& model);

// "32b.attention"
std::string attention_name(const ModelShape& model);

}  // namespace qwq::bench
