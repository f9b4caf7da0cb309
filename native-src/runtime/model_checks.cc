#include "runtime/model_checks.h"

#include <cinttypes>
#include <cmath>
#include <limits>

#include "formats/format_table.h"
#include "kernels/sampling_math.h"
#include "runtime/checked.h"
#include "runtime/error.h"

namespace qwq {

namespace {

int32_t positive(const char* field, int32_t value) {
  if (value <= 0) invalid("config.%s: expected more than 0, found %" PRId32, field, value);
  return value;
}

double positive(const char* field, float value) {
  if (!(value > 0) || !std::isfinite(value)) {
    invalid("config.%s: expected a finite number above 0, found %g", field, static_cast<double>(value));
  }
  return value;
}

// The widths are passed around as int64_t, but nothing real is near 2^31.
void check_width(const char* what, int32_t n_heads, int32_t head_dim) {
  const int64_t width = static_cast<int64_t>(n_heads) * head_dim;
  if (width > std::numeric_limits<int32_t>::max()) {
    invalid("config: %s * head_dim is %" PRId64 ", expected at most %" PRId32, what, width,
            std::numeric_limits<int32_t>::max());
  }
}

}  // namespace

ModelConfig check_config(const qwq_model_config& config) {
  if (config.architecture != QWQ_ARCH_QWEN2) {
    invalid("config.architecture: expected %d (Qwen2), found %" PRId32, QWQ_ARCH_QWEN2, config.architecture);
  }
  ModelConfig c;
  c.n_layers = positive("n_layers", config.n_layers);
  c.hidden_size = positive("hidden_size", config.hidden_size);
  c.intermediate_size = positive("intermediate_size", config.intermediate_size);
  c.n_heads = positive("n_heads", config.n_heads);
  c.n_kv_heads = positive("n_kv_heads", config.n_kv_heads);
  if (c.n_heads % c.n_kv_heads != 0) {
    invalid("config.n_kv_heads: expected a divisor of n_heads = %d, found %d", c.n_heads, c.n_kv_heads);
  }
  c.head_dim = positive("head_dim", config.head_dim);
  if (c.head_dim % 2 != 0) invalid("config.head_dim: expected an even number, found %d", c.head_dim);
  check_width("n_heads", c.n_heads, c.head_dim);
  c.vocab_size = positive("vocab_size", config.vocab_size);
  if (c.vocab_size > kMostTokens) {
    invalid("config.vocab_size: expected at most %" PRId64 ", found %" PRId64, kMostTokens, c.vocab_size);
  }
  c.n_token_ids = positive("n_token_ids", config.n_token_ids);
  if (c.n_token_ids > c.vocab_size) {
    invalid("config.n_token_ids: expected at most vocab_size = %" PRId64 ", found %" PRId64, c.vocab_size,
            c.n_token_ids);
  }
  if (config.guard_mapping != 0 && config.guard_mapping != 1) {
    invalid("config.guard_mapping: expected 0 or 1, found %" PRId32, config.guard_mapping);
  }
  c.rms_norm_eps = config.rms_norm_eps;
  if (!(c.rms_norm_eps >= 0) || !std::isfinite(c.rms_norm_eps)) {
    invalid("config.rms_norm_eps: expected a finite number of at least 0, found %g",
            static_cast<double>(c.rms_norm_eps));
  }
  return c;
}

RopeConfig check_rope_config(const qwq_model_config& config) {
  RopeConfig rope{};
  rope.head_dim = config.head_dim;
  rope.theta = positive("rope_theta", config.rope_theta);
  if (config.rope_scaling == QWQ_ROPE_NONE) {
    rope.scaling = RopeScaling::kNone;
    return rope;
  }
  if (config.rope_scaling != QWQ_ROPE_YARN) {
    invalid("config.rope_scaling: expected %d (none) or %d (YaRN), found %" PRId32, QWQ_ROPE_NONE,
            QWQ_ROPE_YARN, config.rope_scaling);
  }
  rope.scaling = RopeScaling::kYarn;
  if (rope.theta <= 1) invalid("config.rope_theta: YaRN needs more than 1, found %g", rope.theta);
  rope.factor = positive("yarn_factor", config.yarn_factor);
  rope.beta_fast = positive("yarn_beta_fast", config.yarn_beta_fast);
  rope.beta_slow = positive("yarn_beta_slow", config.yarn_beta_slow);
  if (rope.beta_fast < rope.beta_slow) {
    invalid("config.yarn_beta_fast: expected at least yarn_beta_slow = %g, found %g", rope.beta_slow,
            rope.beta_fast);
  }
  rope.attention_factor = config.yarn_attention_factor;
  if (!(rope.attention_factor >= 0) || !std::isfinite(rope.attention_factor)) {
    invalid("config.yarn_attention_factor: expected a finite number of at least 0, found %g",
            rope.attention_factor);
  }
  rope.original_context = positive("yarn_original_context", config.yarn_original_context);
  return rope;
}

Tensor check_tensor(const std::string& name, const qwq_tensor& source, int64_t rows, int64_t cols) {
  const char* n = name.c_str();
  if (source.data == nullptr) {
    invalid("tensor %s: expected [%" PRId64 ", %" PRId64 "], found none", n, rows, cols);
  }
  if (source.rows != rows || source.cols != cols) {
    invalid("tensor %s: expected [%" PRId64 ", %" PRId64 "], found [%" PRId64 ", %" PRId64 "]", n, rows, cols,
            source.rows, source.cols);
  }
  const DType dtype = static_cast<DType>(source.dtype);
  const FormatInfo* format = find_format(dtype);
  if (format == nullptr) {
    invalid("tensor %s: expected an enum qwq_dtype, found %" PRId32, n, source.dtype);
  }
  if (cols % format->block_elements != 0) {
    invalid("tensor %s: expected rows of a multiple of %d elements for %s, found %" PRId64, n,
            format->block_elements, format->name, cols);
  }
  const size_t row_blocks = static_cast<size_t>(cols / format->block_elements);
  const size_t row_bytes = checked_mul(row_blocks, static_cast<size_t>(format->block_bytes), n);
  const size_t bytes = checked_mul(row_bytes, static_cast<size_t>(rows), n);
  if (source.bytes != bytes) {
    invalid("tensor %s: expected %zu bytes for [%" PRId64 ", %" PRId64 "] %s, found %" PRIu64, n, bytes, rows,
            cols, format->name, source.bytes);
  }
  Tensor tensor;
  tensor.data = static_cast<const std::byte*>(source.data);
  tensor.row_bytes = row_bytes;
  tensor.rows = rows;
  tensor.cols = cols;
  tensor.dtype = dtype;
  return tensor;
}

std::vector<float> widen_vector(const Tensor& vector) {
  std::vector<float> values(static_cast<size_t>(vector.cols));
  find_format(vector.dtype)->dequantize_row(vector.data, values.data(), vector.cols);
  return values;
}

}  // namespace qwq
