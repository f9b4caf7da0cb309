#include "formats/format_table.h"
#include "kernels/reference/reference.h"
#include "kernels/scratch.h"
#include "kernels/thread_pool.h"

namespace qwq::reference {
namespace {

double dot(const float* a, const float* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

}  // namespace

void matmul(OpContext& ctx, const MatmulArgs& args) {
  for (int j = 0; j < args.n_jobs; ++j) {
    const MatmulJob& job = args.jobs[j];
    const FormatInfo& format = *find_format(job.weight->dtype);
    ctx.pool->parallel_for(job.weight->rows, [&](int64_t feature, int worker) {
      float* weights = worker_scratch<float>(ctx, worker, static_cast<size_t>(args.cols) * sizeof(float));
      format.dequantize_row(job.weight->row(feature), weights, args.cols);
      const double bias = job.bias != nullptr ? job.bias[feature] : 0.0;
      for (int64_t r = 0; r < args.n_rows && !ctx.cancelled(); ++r) {
        const double sum = dot(args.x + r * args.cols, weights, args.cols);
        job.out[r * job.out_stride + feature] = static_cast<float>(sum + bias);
      }
    });
  }
}

}  // namespace qwq::reference
