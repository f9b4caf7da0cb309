#include "kernels/cuda/matmul_staged_rows.cuh"

#include "kernels/cuda/matmul_jobs.cuh"

namespace qwq::cuda {

namespace {

struct FewRows {
  Stream& stream;
  const MatmulJob& job;
  const ActivationMemory& memory;
  const ActivationSizes& sizes;
  const StagingLimits& staging;

  template <class Format>
  void run() const {
    if constexpr (!kIsPlain<Format>) {
      const int64_t n = sizes.n_rows;
      if (n > 2) {
        n <= 4 ? launch<Format, 4>() : launch<Format, 8>();
      } else {
        n == 1 ? launch<Format, 1>() : launch<Format, 2>();
      }
    }
  }

 private:
  template <class Format, int kRows>
  void launch() const {
    if constexpr (RowStage<Format>::kPossible) {
      const Tensor& weight = *job.weight;
      if (stream.copies_ahead() && staging.worth(weight.rows, sizes.n_rows) && weight.row_bytes % 16 == 0 &&
          weight.cols % kGroupElements == 0) {
        Launch launch(stream, "multiply_staged_rows");
        const MatmulParams p = params_of(launch, job, sizes.n_rows);
        launch.run({.grid_x = ceil_div(p.features, kFewFeatures), .threads = kFewThreads, .early = true},
                   multiply_staged_rows<Format, kRows>, p, activations_in(launch, memory, sizes));
        return;
      }
    }
    Launch launch(stream, "multiply_few_rows");
    const MatmulParams p = params_of(launch, job, sizes.n_rows);
    launch.run({.grid_x = ceil_div(p.features, kFewFeatures), .threads = kFewThreads, .early = true},
               multiply_few_rows<Format, kRows>, p, activations_in(launch, memory, sizes));
  }
};

}  // namespace

void multiply_few(Stream& stream, const MatmulJob& job, const ActivationMemory& memory,
                  const ActivationSizes& sizes, const StagingLimits& staging) {
  visit_format(job.weight->dtype, FewRows{stream, job, memory, sizes, staging});
}

}  // namespace qwq::cuda
