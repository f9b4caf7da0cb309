#include "kernels/cuda/matmul_prompt_floats.cuh"

#include <algorithm>

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
  launch.run({.grid_x = sizes.n_rows, .threads = kRoundThreads, .early = true}, round_activations<Format>, x,
             args.cols, sizes.stride, rounded, unscale);
}

RoundedRows rows_in(Launch& launch, const RoundedMemory& memory, const RoundedSizes& sizes,
                    int64_t first_col) {
  const size_t skipped = static_cast<size_t>(first_col / 2);
  return {launch.in("rounded", memory.x + skipped, sizes.words() - skipped),
          launch.in("unscale", memory.unscale, static_cast<size_t>(sizes.n_rows)), sizes.n_rows,
          sizes.stride};
}

template <class Format>
void run(Launch& launch, const MatmulParams& p, const RoundedRows& x, const SliceSums& slice) {
  launch.run({.grid_x = ceil_div(x.n_rows, kPromptRows),
              .grid_y = ceil_div(p.features, kPromptFeatures),
              .threads = kPromptMatmulThreads,
              .early = true},
             multiply_prompt_floats<Format>, p, x, slice);
}

void multiply_slice(Stream& stream, const MatmulJob& job, const WeightSlice& slice,
                    const DequantizedMemory& weights, const RoundedMemory& x, const RoundedSizes& sizes) {
  Launch launch(stream, "multiply_prompt_floats");
  const size_t features = static_cast<size_t>(slice.features);
  SliceSums sums;
  sums.unscale = launch.in("unscale", weights.unscale + slice.first_feature, features);
  sums.first = slice.first_col == 0;
  sums.last = slice.first_col + slice.cols == job.weight->cols;
  MatmulParams p;
  p.weights = launch.in("halves", reinterpret_cast<const uint8_t*>(weights.halves),
                        2 * static_cast<size_t>(slice.features * slice.cols));
  p.row_bytes = 2 * slice.cols;
  p.features = slice.features;
  p.cols = slice.cols;
  const float* bias = job.bias == nullptr ? nullptr : job.bias + slice.first_feature;
  p.bias = launch.in("bias", bias, features);
  float* out = job.out + slice.first_feature;
  const size_t n_rows = static_cast<size_t>(sizes.n_rows);
  const size_t stride = static_cast<size_t>(job.out_stride);
  p.out = sums.first ? launch.out("out", out, n_rows, features, stride)
                     : launch.update("out", out, n_rows, features, stride);
  p.out_stride = job.out_stride;
  run<Dequantized>(launch, p, rows_in(launch, x, sizes, slice.first_col), sums);
}

template <class Format>
void multiply(Stream& stream, const MatmulJob& job, const RoundedMemory& memory, const RoundedSizes& sizes) {
  Launch launch(stream, "multiply_prompt_floats");
  run<Format>(launch, params_of(launch, job, sizes.n_rows), rows_in(launch, memory, sizes, 0), {});
}

}  // namespace

bool has_prompt_product(const Tensor& weight) {
  if (weight.dtype == DType::kF32) return false;
  const bool plain = weight.dtype == DType::kF16 || weight.dtype == DType::kBF16;
  return !plain || weight.row_bytes % 16 == 0;
}

DType rounded_type(const Tensor& weight) { return weight.dtype == DType::kBF16 ? DType::kBF16 : DType::kF16; }

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

void multiply_dequantized(Stream& stream, const MatmulJob& job, const RoundedMemory& memory,
                          const RoundedSizes& sizes, std::byte* scratch, const SliceLimits& limits) {
  const Tensor& w = *job.weight;
  const WeightSlices slices(w.rows, w.cols, limits);
  const DequantizedMemory dequantized(scratch, w.rows);
  const Scratch tracked(stream, scratch, DequantizedMemory::bytes(w.rows, slices.elements()));
  scale_weights(stream, w, dequantized);
  for (int64_t feature = 0; feature < w.rows; feature += slices.features) {
    for (int64_t col = 0; col < w.cols; col += slices.cols) {
      const WeightSlice slice = {feature, std::min(slices.features, w.rows - feature), col,
                                 std::min(slices.cols, w.cols - col)};
      dequantize(stream, w, slice, dequantized);
      multiply_slice(stream, job, slice, dequantized, memory, sizes);
    }
  }
}

}  // namespace qwq::cuda
