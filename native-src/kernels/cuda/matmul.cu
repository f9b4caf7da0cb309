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
              .threads = kQuantizeThreads},
             quantize_activations, x, args.n_rows, args.cols, sizes.groups, q, scale, sums);
}

}  // namespace

size_t matmul_scratch_bytes(int64_t max_rows, int64_t max_cols) {
  return ActivationSizes(max_rows, max_cols).bytes();
}

void matmul(Stream& stream, const MatmulArgs& args, std::byte* scratch) {
  const ActivationSizes sizes(args.n_rows, args.cols);
  const ActivationMemory memory(scratch, sizes);
  const Scratch tracked(stream, scratch, sizes.bytes());
  bool quantised = false;
  for (int j = 0; j < args.n_jobs; ++j) {
    const MatmulJob& job = args.jobs[j];
    if (is_plain(job.weight->dtype)) {
      multiply_plain(stream, job, args);
      continue;
    }
    if (!quantised) quantize(stream, args, memory, sizes);
    quantised = true;
    const auto multiply = sizes.n_rows > kMostFewRows ? multiply_many : multiply_few;
    multiply(stream, job, memory, sizes);
  }
}

}  // namespace qwq::cuda
