#include <cmath>

#include "kernels/reference/reference.h"
#include "kernels/thread_pool.h"

namespace qwq::reference {

void rope(OpContext& ctx, const RopeArgs& args) {
  const int half = args.head_dim / 2;
  ctx.pool->parallel_for(args.n_rows, [&](int64_t r, int) {
    for (int i = 0; i < half; ++i) {
      // The angle is rounded to f32 as in the models' training code.
      const float angle = static_cast<float>(args.positions[r]) * args.inv_freq[i];
      const double c = std::cos(static_cast<double>(angle)) * args.attention_factor;
      const double s = std::sin(static_cast<double>(angle)) * args.attention_factor;
      for (int h = 0; h < args.n_heads; ++h) {
        float* head = args.x + r * args.x_stride + static_cast<int64_t>(h) * args.head_dim;
        const double a = head[i];
        const double b = head[i + half];
        head[i] = static_cast<float>(a * c - b * s);
        head[i + half] = static_cast<float>(b * c + a * s);
      }
    }
  });
}

}  // namespace qwq::reference
