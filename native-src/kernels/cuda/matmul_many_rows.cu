#include "kernels/cuda/matmul_many_rows.cuh"

#include "kernels/cuda/matmul_jobs.cuh"

namespace qwq::cuda {

namespace {

struct ManyRows {
  Stream& stream;
  const MatmulJob& job;
  const ActivationMemory& memory;
  const ActivationSizes& sizes;

  template <class Format>
  void run() const {
    if constexpr (!kIsPlain<Format>) {
      sizes.n_rows <= 16 ? launch<Format, 2>() : launch<Format, 4>();
    }
  }

 private:
  template <class Format, int kRowTiles>
  void launch() const {
    Launch launch(stream, "multiply_many_rows");
    const MatmulParams p = params_of(launch, job, sizes.n_rows);
    launch.run({.grid_x = ceil_div(sizes.n_rows, 8 * kRowTiles),
                .grid_y = ceil_div(p.features, kManyFeatures),
                .threads = kManyThreads,
                .early = true},
               multiply_many_rows<Format, kRowTiles>, p, activations_in(launch, memory, sizes));
  }
};

}  // namespace

void multiply_many(Stream& stream, const MatmulJob& job, const ActivationMemory& memory,
                   const ActivationSizes& sizes) {
  visit_format(job.weight->dtype, ManyRows{stream, job, memory, sizes});
}

}  // namespace qwq::cuda
