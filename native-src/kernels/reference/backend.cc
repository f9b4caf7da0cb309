#include <algorithm>

#include "kernels/reference/reference.h"
#include "kernels/scratch.h"

namespace qwq {
namespace reference {

// Each worker holds a decoded weight row or the probabilities of one query.
size_t scratch_bytes(const OpLimits& limits) {
  const size_t row = padded_bytes(static_cast<size_t>(limits.max_cols) * sizeof(float));
  const size_t probabilities = padded_bytes(static_cast<size_t>(limits.max_context) * sizeof(double));
  return static_cast<size_t>(limits.n_threads) * std::max(row, probabilities);
}

}  // namespace reference

const Backend& reference_backend() {
  static constexpr Backend kBackend = {
      .name = "reference",
      .embed = reference::embed,
      .rms_norm = reference::rms_norm,
      .add_rms_norm = reference::add_rms_norm,
      .matmul = reference::matmul,
      .rope = reference::rope,
      .store_kv = reference::store_kv,
      .attention = reference::attention,
      .swiglu = reference::swiglu,
      .add = reference::add,
      .gather = gather_rows,
      .scratch_bytes = reference::scratch_bytes,
  };
  return kBackend;
}

}  // namespace qwq
