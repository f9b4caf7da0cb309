#include "kernels/cuda/matmul_prompt_floats.cuh"

#include "kernels/cuda/matmul_jobs.cuh"

namespace qwq::cuda {

namespace {

template <class Format>
void round_rows(Stream& stream, const MatmulArgs& args, const RoundedMemory& memory,
                const RoundedSizes& sizes) {
  Launch launch(stream, "round_activations");
  const auto x = launch.in("x", args.x, static_cast<size_t>(args.n_rows * args.cols));
  const auto rounded = launch.out("rounded", memory.x, sizes.words());
  const auto unscale = launch.out("unscale", memory.unscale, static_cast<size_t>(sizes.n_rows));
  launch.run({.grid_x = sizes.n_rows, .threads = kRoundThreads}, round_activations<Format>, x, args.cols,
             sizes.stride, rounded, unscale);
}

template <class Format>
void multiply(Stream& stream, const MatmulJob& job, const RoundedMemory& memory, const RoundedSizes& sizes) {
  Launch launch(stream, "multiply_prompt_floats");
  const MatmulParams p = params_of(launch, job, sizes.n_rows);
  const RoundedRows x = {launch.in("rounded", memory.x, sizes.words()),
                         launch.in("unscale", memory.unscale, static_cast<size_t>(sizes.n_rows)),
                         sizes.n_rows, sizes.stride};
  launch.run({.grid_x = ceil_div(sizes.n_rows, kPromptRows),
              .grid_y = ceil_div(p.features, kPromptFeatures),
              .threads = kPromptMatmulThreads},
             multiply_prompt_floats<Format>, p, x);
}

}  // namespace

bool has_prompt_product(const Tensor& weight) {
  return (weight.dtype == DType::kF16 || weight.dtype == DType::kBF16) && weight.row_bytes % 16 == 0;
}

void round_to(DType dtype, Stream& stream, const MatmulArgs& args, const RoundedMemory& memory,
              const RoundedSizes& sizes) {
  dtype == DType::kF16 ? round_rows<F16>(stream, args, memory, sizes)
                       : round_rows<BF16>(stream, args, memory, sizes);
}

void multiply_rounded(Stream& stream, const MatmulJob& job, const RoundedMemory& memory,
                      const RoundedSizes& sizes) {
  job.weight->dtype == DType::kF16 ? multiply<F16>(stream, job, memory, sizes)
                                   : multiply<BF16>(stream, job, memory, sizes);
}

}  // namespace qwq::cuda
