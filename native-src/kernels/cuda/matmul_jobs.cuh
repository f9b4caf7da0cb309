// The parts of matmul.cu, in a file each, so that nvcc compiles them side by side.
#pragma once

#include "kernels/cuda/formats/visit_format.cuh"
#include "kernels/cuda/matmul_few_rows.cuh"
#include "kernels/cuda/ops.h"
#include "kernels/cuda/rounded_activations.cuh"
#include "kernels/cuda/weight_slices.h"

namespace qwq::cuda {

inline size_t padded_to_16(size_t bytes) { return (bytes + 15) / 16 * 16; }

inline MatmulParams params_of(Launch& launch, const MatmulJob& job, int64_t n_rows) {
  const Tensor& w = *job.weight;
  MatmulParams p;
  p.weights = launch.constant("weights", reinterpret_cast<const uint8_t*>(w.data),
                              padded_to_16(static_cast<size_t>(w.rows) * w.row_bytes));
  p.row_bytes = static_cast<int64_t>(w.row_bytes);
  p.features = w.rows;
  p.cols = w.cols;
  p.bias = launch.in("bias", job.bias, static_cast<size_t>(w.rows));
  p.out = launch.out("out", job.out, static_cast<size_t>(n_rows), static_cast<size_t>(w.rows),
                     static_cast<size_t>(job.out_stride));
  p.out_stride = job.out_stride;
  return p;
}

// Weights that are quantised, for up to kMostFewRows rows and for more; the bits are the same.
inline constexpr int64_t kMostFewRows = 8;
void multiply_few(Stream& stream, const MatmulJob& job, const ActivationMemory& memory,
                  const ActivationSizes& sizes, const StagingLimits& staging);
void multiply_many(Stream& stream, const MatmulJob& job, const ActivationMemory& memory,
                   const ActivationSizes& sizes);

// Weights that are floats, with x as it is.
void multiply_plain(Stream& stream, const MatmulJob& job, const MatmulArgs& args);

// Prompts, but with F32 weights and odd rows of F16 and BF16: x rounded to F16 or, for BF16 weights, to BF16
// first, then the products with it. Quantised weights are rounded to F16, too, in scratch memory behind x.
bool has_prompt_product(const Tensor& weight);
DType rounded_type(const Tensor& weight);
void round_to(DType dtype, Stream& stream, const MatmulArgs& args, const RoundedMemory& memory,
              const RoundedSizes& sizes);
void multiply_rounded(Stream& stream, const MatmulJob& job, const RoundedMemory& memory,
                      const RoundedSizes& sizes);
void multiply_dequantized(Stream& stream, const MatmulJob& job, const RoundedMemory& memory,
                          const RoundedSizes& sizes, std::byte* scratch, const SliceLimits& limits);

// unscale of all rows of a quantised weight; then halves of a slice of it.
void scale_weights(Stream& stream, const Tensor& weight, const DequantizedMemory& memory);
void dequantize(Stream& stream, const Tensor& weight, const WeightSlice& slice,
                const DequantizedMemory& memory);

}  // namespace qwq::cuda
