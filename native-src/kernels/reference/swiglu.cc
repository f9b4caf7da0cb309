#include <cmath>

#include "kernels/reference/reference.h"
#include "kernels/thread_pool.h"

namespace qwq::reference {

void swiglu(OpContext& ctx, const SwigluArgs& args) {
  ctx.pool->parallel_for(args.n_rows, [&](int64_t r, int) {
    for (int64_t i = r * args.n_cols; i < (r + 1) * args.n_cols; ++i) {
      const double gate = args.gate[i];
      args.out[i] = static_cast<float>(gate / (1.0 + std::exp(-gate)) * args.up[i]);
    }
  });
}

}  // namespace qwq::reference
