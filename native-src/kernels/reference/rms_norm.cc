#include <cmath>

#include "kernels/reference/reference.h"
#include "kernels/thread_pool.h"

namespace qwq::reference {

void rms_norm(OpContext& ctx, const RmsNormArgs& args) {
  ctx.pool->parallel_for(args.n_rows, [&](int64_t r, int) {
    const float* x = args.x + r * args.n_cols;
    float* out = args.out + r * args.n_cols;
    double squares = 0;
    for (int64_t i = 0; i < args.n_cols; ++i) squares += static_cast<double>(x[i]) * x[i];
    const double scale = 1.0 / std::sqrt(squares / static_cast<double>(args.n_cols) + args.eps);
    for (int64_t i = 0; i < args.n_cols; ++i) out[i] = static_cast<float>(x[i] * scale * args.weight[i]);
  });
}

void add_rms_norm(OpContext& ctx, const AddRmsNormArgs& args) {
  add(ctx, {args.x, args.y, args.n_rows * args.n_cols});
  rms_norm(ctx, {args.x, args.weight, args.eps, args.n_rows, args.n_cols, args.out});
}

}  // namespace qwq::reference
