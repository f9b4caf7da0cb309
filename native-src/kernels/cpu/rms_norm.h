#pragma once

#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

// Squares are summed in f32, four vectors side by side, then pairwise: an error of about
// (n / (4 lanes) + 6) * 2^-24 of the sum, half of that in the result, and three roundings more.
template <class V>
float sum_of_squares(const float* x, int64_t n) {
  using F = typename V::F;
  F sums[4] = {V::zero(), V::zero(), V::zero(), V::zero()};
  int64_t i = 0;
  for (; i + 4 * V::kLanes <= n; i += 4 * V::kLanes) {
    for (int j = 0; j < 4; ++j) {
      const F v = V::load(x + i + j * V::kLanes);
      sums[j] = V::fma(v, v, sums[j]);
    }
  }
  for (; i < n; i += V::kLanes) {
    const F v = n - i >= V::kLanes ? V::load(x + i) : V::load_partial(x + i, static_cast<int>(n - i));
    sums[0] = V::fma(v, v, sums[0]);
  }
  return V::reduce_add(V::add(V::add(sums[0], sums[1]), V::add(sums[2], sums[3])));
}

template <class V>
void rms_norm(OpContext& ctx, const RmsNormArgs& args) {
  ctx.pool->parallel_for(args.n_rows, [&](int64_t r, int) {
    if (ctx.cancelled()) return;
    const int64_t n = args.n_cols;
    const float* x = args.x + r * n;
    float* out = args.out + r * n;
    const float mean = sum_of_squares<V>(x, n) / static_cast<float>(n);
    const auto scale = V::set1(1.0f / __builtin_sqrtf(mean + args.eps));
    int64_t i = 0;
    for (; i + V::kLanes <= n; i += V::kLanes) {
      V::store(out + i, V::mul(V::mul(V::load(x + i), scale), V::load(args.weight + i)));
    }
    const int rest = static_cast<int>(n - i);
    if (rest > 0) {
      const auto weight = V::load_partial(args.weight + i, rest);
      V::store_partial(out + i, V::mul(V::mul(V::load_partial(x + i, rest), scale), weight), rest);
    }
  });
}

}  // namespace qwq::cpu
