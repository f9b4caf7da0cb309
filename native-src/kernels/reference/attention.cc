#include <algorithm>
#include <cmath>

#include "kernels/reference/kv_access.h"
#include "kernels/reference/reference.h"
#include "kernels/scratch.h"
#include "kernels/thread_pool.h"

namespace qwq::reference {
namespace {

// One head of one row; `weights` has room for position + 1 values.
void attend(const AttentionArgs& args, int64_t r, int head, double* weights) {
  const KvLayer& kv = args.kv;
  const AttentionRow& row = args.rows[r];
  const int kv_head = head / (args.n_heads / kv.n_kv_heads);
  const float* q = args.q + r * args.q_stride + static_cast<int64_t>(head) * kv.head_dim;
  float* out = args.out + (r * args.n_heads + head) * kv.head_dim;

  double largest = -INFINITY;
  for (int32_t t = 0; t <= row.position; ++t) {
    const std::byte* k = kv.k_group(row.block_table, t, kv_head);
    double score = 0;
    for (int i = 0; i < kv.head_dim; ++i) {
      score += static_cast<double>(q[i]) * static_cast<double>(read_element(kv, k, k_index(kv, t, i)));
    }
    weights[t] = score * args.scale;
    largest = std::max(largest, weights[t]);
  }
  double total = 0;
  for (int32_t t = 0; t <= row.position; ++t) {
    weights[t] = std::exp(weights[t] - largest);
    total += weights[t];
  }
  for (int i = 0; i < kv.head_dim; ++i) {
    double sum = 0;
    for (int32_t t = 0; t <= row.position; ++t) {
      const std::byte* v = kv.v_group(row.block_table, t, kv_head);
      sum += weights[t] * static_cast<double>(read_element(kv, v, v_index(kv, t, i)));
    }
    out[i] = static_cast<float>(sum / total);
  }
}

}  // namespace

void attention(OpContext& ctx, const AttentionArgs& args) {
  int32_t last = 0;
  for (int64_t r = 0; r < args.n_rows; ++r) last = std::max(last, args.rows[r].position);
  const size_t bytes = (static_cast<size_t>(last) + 1) * sizeof(double);
  ctx.pool->parallel_for(args.n_rows * args.n_heads, [&](int64_t task, int worker) {
    if (ctx.cancelled()) return;
    attend(args, task / args.n_heads, static_cast<int>(task % args.n_heads),
           worker_scratch<double>(ctx, worker, bytes));
  });
}

}  // namespace qwq::reference
