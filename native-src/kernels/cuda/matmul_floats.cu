#include "kernels/cuda/matmul_floats.cuh"

#include "kernels/cuda/matmul_jobs.cuh"

namespace qwq::cuda {

namespace {

struct FloatProduct {
  Stream& stream;
  const MatmulJob& job;
  const MatmulArgs& args;

  template <class Format>
  void run() const {
    if constexpr (kIsPlain<Format>) {
      const bool runs = job.weight->cols % kFloatRun<Format> == 0;
      if (args.n_rows == 1) {
        runs ? launch<Format, 1, true>() : launch<Format, 1, false>();
      } else {
        runs ? launch<Format, 8, true>() : launch<Format, 8, false>();
      }
    }
  }

 private:
  template <class Format, int kRows, bool kRuns>
  void launch() const {
    Launch launch(stream, "multiply_floats");
    const MatmulParams p = params_of(launch, job, args.n_rows);
    const auto x = launch.in("x", args.x, static_cast<size_t>(args.n_rows * args.cols));
    launch.run({.grid_x = ceil_div(p.features, kFloatThreads / kWarp),
                .grid_y = ceil_div(args.n_rows, kRows),
                .threads = kFloatThreads},
               multiply_floats<Format, kRows, kRuns>, p, x, args.n_rows);
  }
};

}  // namespace

void multiply_plain(Stream& stream, const MatmulJob& job, const MatmulArgs& args) {
  visit_format(job.weight->dtype, FloatProduct{stream, job, args});
}

}  // namespace qwq::cuda
