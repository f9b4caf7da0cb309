// The table of an ISA variant: every operator instantiated for its vectors.
#pragma once

#include "kernels/cpu/attention/attention.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/matmul.h"
#include "kernels/cpu/rms_norm.h"
#include "kernels/cpu/rope.h"
#include "kernels/cpu/store_kv.h"

namespace qwq::cpu {

// Operators run one at a time: scratch is as large as the neediest one wants.
template <class V>
size_t scratch_bytes(const OpLimits& limits) {
  const size_t needs[] = {
      matmul_scratch_bytes<V>(limits),
      attention_scratch_bytes(limits),
      static_cast<size_t>(limits.n_threads) * padded_bytes(rope_scratch_each(limits.head_dim)),
  };
  size_t most = 0;
  for (const size_t bytes : needs) most = bytes > most ? bytes : most;
  return most;
}

template <class V>
constexpr Backend make_backend() noexcept {
  return {
      .name = V::kName,
      .embed = &embed<V>,
      .rms_norm = &rms_norm<V>,
      .add_rms_norm = &add_rms_norm<V>,
      .matmul = &matmul<V>,
      .rope = &rope<V>,
      .store_kv = &store_kv<V>,
      .attention = &attention<V>,
      .swiglu = &swiglu<V>,
      .add = &add<V>,
      .gather = &gather_rows,
      .scratch_bytes = &scratch_bytes<V>,
  };
}

}  // namespace qwq::cpu
