#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

// Squares are summed in f32 in 64 lanes, element i in lane i mod 64 but for those after the last whole 64,
// which go to lane i mod 16; then lanes l, l + 16, l + 32 and l + 48, then pairwise: the same on every
// variant that fuses. An error of about (n / 64 + 6) * 2^-24 of the sum, half of that in the result, and
// three roundings more.
template <class V>
float sum_of_squares(const float* x, int64_t n) {
  using F = typename V::F;
  constexpr int K = 16 / V::kLanes;  // vectors to 16 lanes
  F sums[4][K];
  for (int j = 0; j < 4; ++j) {
    for (int k = 0; k < K; ++k) sums[j][k] = V::zero();
  }
  int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
#pragma GCC unroll 4
      for (int k = 0; k < K; ++k) {
        const F v = V::load(x + i + 16 * j + k * V::kLanes);
        sums[j][k] = V::fma(v, v, sums[j][k]);
      }
    }
  }
  for (int k = 0; i < n; i += V::kLanes, k = (k + 1) % K) {
    const F v = n - i >= V::kLanes ? V::load(x + i) : V::load_partial(x + i, static_cast<int>(n - i));
    sums[0][k] = V::fma(v, v, sums[0][k]);
  }
  F total[K];
  for (int k = 0; k < K; ++k)
    total[k] = V::add(V::add(sums[0][k], sums[1][k]), V::add(sums[2][k], sums[3][k]));
  for (int width = K / 2; width > 0; width /= 2) {
    for (int k = 0; k < width; ++k) total[k] = V::add(total[k], total[k + width]);
  }
  return V::reduce_add(total[0]);
}

template <class V>
void norm_row(const float* x, const float* weight, float eps, int64_t n, float* out) {
  const float mean = sum_of_squares<V>(x, n) / static_cast<float>(n);
  const auto scale = V::set1(1.0f / __builtin_sqrtf(mean + eps));
  int64_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) {
    V::store(out + i, V::mul(V::mul(V::load(x + i), scale), V::load(weight + i)));
  }
  const int rest = static_cast<int>(n - i);
  if (rest > 0) {
    const auto tail = V::load_partial(weight + i, rest);
    V::store_partial(out + i, V::mul(V::mul(V::load_partial(x + i, rest), scale), tail), rest);
  }
}

template <class V>
void rms_norm(OpContext& ctx, const RmsNormArgs& args) {
  ctx.pool->parallel_for(args.n_rows, [&](int64_t r, int) {
    if (ctx.cancelled()) return;
    const int64_t n = args.n_cols;
    norm_row<V>(args.x + r * n, args.weight, args.eps, n, args.out + r * n);
  });
}

template <class V>
void add_rms_norm(OpContext& ctx, const AddRmsNormArgs& args) {
  ctx.pool->parallel_for(args.n_rows, [&](int64_t r, int) {
    if (ctx.cancelled()) return;
    const int64_t n = args.n_cols;
    add_range<V>(args.x + r * n, args.y + r * n, n);
    norm_row<V>(args.x + r * n, args.weight, args.eps, n, args.out + r * n);
  });
}

}  // namespace qwq::cpu
