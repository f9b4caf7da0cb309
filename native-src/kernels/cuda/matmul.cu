#include <algorithm>
#include <optional>

#include "kernels/cuda/matmul_jobs.cuh"
#include "kernels/cuda/quantize_activations.cuh"

namespace qwq::cuda {

namespace {

struct IsPlain {
  bool plain = false;

  template <class Format>
  void run() {
    plain = kIsPlain<Format>;
  }
};

bool is_plain(DType dtype) {
  IsPlain visitor;
  visit_format(dtype, visitor);
  return visitor.plain;
}

void quantize(Stream& stream, const MatmulArgs& args, const ActivationMemory& memory,
              const ActivationSizes& sizes) {
  Launch launch(stream, "quantize_activations");
  const auto x = launch.in("x", args.x, static_cast<size_t>(args.n_rows * args.cols));
  const auto q = launch.out("activations", memory.q, sizes.words());
  const auto scale = launch.out("scales", memory.scale, sizes.blocks());
  const auto sums = launch.out("sums", memory.half_sums, sizes.blocks());
  launch.run({.grid_x = ceil_div(static_cast<int64_t>(sizes.blocks()), kQuantizeThreads / 8),
              .threads = kQuantizeThreads,
              .early = true},
             quantize_activations, x, args.n_rows, args.cols, sizes.groups, q, scale, sums);
}

// Rows of the prompt's role. x is rounded once for all jobs that want the same, which is nearly always all.
void multiply_prompt(Stream& stream, const MatmulArgs& args, std::byte* scratch, const SliceLimits& limits) {
  const RoundedSizes sizes(args.n_rows, args.cols);
  const RoundedMemory memory(scratch, sizes);
  const Scratch tracked(stream, scratch, sizes.bytes());
  std::byte* behind = scratch + padded_to_16(sizes.bytes());
  std::optional<DType> held;
  for (int j = 0; j < args.n_jobs; ++j) {
    const MatmulJob& job = args.jobs[j];
    if (!has_prompt_product(*job.weight)) {
      multiply_plain(stream, job, args);
      continue;
    }
    const DType wanted = rounded_type(*job.weight);
    if (held != wanted) round_to(wanted, stream, args, memory, sizes);
    held = wanted;
    if (is_plain(job.weight->dtype)) {
      multiply_rounded(stream, job, memory, sizes);
    } else {
      multiply_dequantized(stream, job, memory, sizes, behind, limits);
    }
  }
}

void multiply_generated(Stream& stream, const MatmulArgs& args, std::byte* scratch,
                        const StagingLimits& staging) {
  const ActivationSizes sizes(args.n_rows, args.cols);
  const ActivationMemory memory(scratch, sizes);
  const Scratch tracked(stream, scratch, sizes.bytes());
  bool quantized = false;
  for (int j = 0; j < args.n_jobs; ++j) {
    const MatmulJob& job = args.jobs[j];
    if (is_plain(job.weight->dtype)) {
      multiply_plain(stream, job, args);
      continue;
    }
    if (!quantized) quantize(stream, args, memory, sizes);
    quantized = true;
    if (sizes.n_rows > kMostFewRows) {
      multiply_many(stream, job, memory, sizes);
    } else {
      multiply_few(stream, job, memory, sizes, staging);
    }
  }
}

}  // namespace

size_t matmul_scratch_bytes(const MatmulLimits& most, const SliceLimits& limits) {
  size_t prompt = RoundedSizes(most.rows, most.cols).bytes();
  if (most.quantized_elements > 0) {
    prompt =
        padded_to_16(prompt) +
        DequantizedMemory::bytes(most.quantized_features, std::min(most.quantized_elements, limits.elements));
  }
  return std::max(ActivationSizes(most.rows, most.cols).bytes(), prompt);
}

void matmul(Stream& stream, const MatmulArgs& args, std::byte* scratch, const SliceLimits& limits,
            const StagingLimits& staging) {
  if (args.recipe == Recipe::kPrefill) {
    multiply_prompt(stream, args, scratch, limits);
  } else {
    multiply_generated(stream, args, scratch, staging);
  }
}

}  // namespace qwq::cuda
