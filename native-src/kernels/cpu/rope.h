#pragma once

#include <math.h>

#include "kernels/backend.h"
#include "kernels/scratch.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

inline size_t rope_scratch_each(int head_dim) { return static_cast<size_t>(head_dim) * sizeof(float); }

// Rotates one head: n = head_dim / 2 pairs (a[i], b[i]).
template <class V>
QWQ_INLINE void rotate(float* a, float* b, const float* cosines, const float* sines, int n) {
  for (int i = 0; i < n; i += V::kLanes) {
    const int count = n - i;
    if (count >= V::kLanes) {
      const auto x = V::load(a + i);
      const auto y = V::load(b + i);
      const auto c = V::load(cosines + i);
      const auto s = V::load(sines + i);
      V::store(a + i, V::sub(V::mul(x, c), V::mul(y, s)));
      V::store(b + i, V::add(V::mul(y, c), V::mul(x, s)));
    } else {
      const auto x = V::load_partial(a + i, count);
      const auto y = V::load_partial(b + i, count);
      const auto c = V::load_partial(cosines + i, count);
      const auto s = V::load_partial(sines + i, count);
      V::store_partial(a + i, V::sub(V::mul(x, c), V::mul(y, s)), count);
      V::store_partial(b + i, V::add(V::mul(y, c), V::mul(x, s)), count);
    }
  }
}

// cos and sin are taken in double of the f32 angle and rounded once, so they do not depend on the C library;
// the rotation rounds products and sum: 3 * 2^-24 of |a| + |b|, times the attention factor.
template <class V>
void rope(OpContext& ctx, const RopeArgs& args) {
  const int half = args.head_dim / 2;
  ctx.pool->parallel_for(args.n_rows, [&](int64_t r, int worker) {
    if (ctx.cancelled()) return;
    float* cosines = worker_scratch<float>(ctx, worker, rope_scratch_each(args.head_dim));
    float* sines = cosines + half;
    for (int i = 0; i < half; ++i) {
      const double angle = static_cast<float>(args.positions[r]) * args.inv_freq[i];
      cosines[i] = static_cast<float>(::cos(angle) * args.attention_factor);
      sines[i] = static_cast<float>(::sin(angle) * args.attention_factor);
    }
    for (int h = 0; h < args.n_heads; ++h) {
      float* head = args.x + r * args.x_stride + static_cast<int64_t>(h) * args.head_dim;
      rotate<V>(head, head + half, cosines, sines, half);
    }
  });
}

}  // namespace qwq::cpu
