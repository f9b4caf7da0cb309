#include "bench/shapes.h"

#include <numeric>

namespace qwq::bench {
namespace {

// As dev.qwq.model.Shapes has them.
constexpr ModelShape kModels[] = {
    {"1.5b", 1536, 8960, 12, 2, 128, 151936},
    {"7b", 3584, 18944, 28, 4, 128, 152064},
    {"32b", 5120, 27648, 40, 8, 128, 152064},
};

}  // namespace

std::span<const ModelShape> model_shapes() { return kModels; }

int64_t MatmulShape::out_columns() const {
  return std::accumulate(job_rows.begin(), job_rows.end(), int64_t{0});
}

int64_t MatmulShape::weights() const { return cols * out_columns(); }

std::vector<MatmulShape> matmul_shapes(const ModelShape& model) {
  const std::string prefix = std::string(model.name) + ".";
  const int64_t q = static_cast<int64_t>(model.n_heads) * model.head_dim;
  const int64_t kv = static_cast<int64_t>(model.n_kv_heads) * model.head_dim;
  return {
      {prefix + "qkv", model.hidden, {q, kv, kv}, false},
      {prefix + "o", q, {model.hidden}, false},
      {prefix + "gate_up", model.hidden, {model.intermediate, model.intermediate}, false},
      {prefix + "down", model.intermediate, {model.hidden}, false},
      {prefix + "lm_head", model.hidden, {model.vocab}, true},
  };
}

std::string attention_name(const ModelShape& model) { return std::string(model.name) + ".attention"; }

}  // namespace qwq::bench
