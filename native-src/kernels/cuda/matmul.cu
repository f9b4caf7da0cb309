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

}  // namespace

size_t matmul_scratch_bytes(int64_t max_rows, int64_t max_cols) {
  return std::max(ActivationSizes(max_rows, max_cols).bytes(), RoundedSizes(max_rows, max_cols).bytes());
}

void matmul(Stream& stream, const MatmulArgs& args, std::byte* scratch) {
  const ActivationSizes sizes(args.n_rows, args.cols);
  const ActivationMemory memory(scratch, sizes);
  const RoundedSizes rounded_sizes(args.n_rows, args.cols);
  const RoundedMemory rounded(scratch, rounded_sizes);
  const Scratch tracked(stream, scratch, std::max(sizes.bytes(), rounded_sizes.bytes()));
  // What scratch holds: x rounded to F16, to BF16 or, for kQ8_0, to int8. Jobs nearly always want the same.
  std::optional<DType> held;
  for (int j = 0; j < args.n_jobs; ++j) {
    const MatmulJob& job = args.jobs[j];
    const DType dtype = job.weight->dtype;
    if (args.recipe == Recipe::kPrefill && has_prompt_product(*job.weight)) {
      if (held != dtype) round_to(dtype, stream, args, rounded, rounded_sizes);
      held = dtype;
      multiply_rounded(stream, job, rounded, rounded_sizes);
    } else if (is_plain(dtype)) {
      multiply_plain(stream, job, args);
    } else {
      if (held != DType::kQ8_0) quantize(stream, args, memory, sizes);
      held = DType::kQ8_0;
      const auto multiply = sizes.n_rows > kMostFewRows ? multiply_many : multiply_few;
      multiply(stream, job, memory, sizes);
    }
  }
}

}  // namespace qwq::cuda
