#include "kernels/cuda/matmul_floats.cuh"
#include "kernels/cuda/matmul_many_rows.cuh"
#include "kernels/cuda/ops.h"
#include "kernels/cuda/quantize_activations.cuh"

namespace qwq::cuda {

namespace {

// Up to this many rows are multiplied as they stream by, more on tensor cores: weights are then taken apart
// once for 16 rows or more.
constexpr int64_t kMostFewRows = 8;

size_t padded_to_16(size_t bytes) { return (bytes + 15) / 16 * 16; }

MatmulParams params_of(Launch& launch, const MatmulJob& job, int64_t n_rows) {
  const Tensor& w = *job.weight;
  MatmulParams p;
  p.weights = launch.in("weights", reinterpret_cast<const uint8_t*>(w.data),
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

struct QuantisedProduct {
  Stream& stream;
  const MatmulJob& job;
  const ActivationMemory& memory;
  const ActivationSizes& sizes;

  template <class Format>
  void run() const {
    if constexpr (!kIsPlain<Format>) {
      const int64_t n = sizes.n_rows;
      if (n > kMostFewRows) {
        n <= 16 ? many<Format, 2>() : many<Format, 4>();
      } else if (n > 2) {
        n <= 4 ? few<Format, 4>() : few<Format, 8>();
      } else {
        n == 1 ? few<Format, 1>() : few<Format, 2>();
      }
    }
  }

 private:
  template <class Format, int kRows>
  void few() const {
    Launch launch(stream, "multiply_few_rows");
    const MatmulParams p = params_of(launch, job, sizes.n_rows);
    launch.run({.grid_x = ceil_div(p.features, kFewFeatures), .threads = kFewThreads},
               multiply_few_rows<Format, kRows>, p, activations_in(launch, memory, sizes));
  }
  template <class Format, int kRowTiles>
  void many() const {
    Launch launch(stream, "multiply_many_rows");
    const MatmulParams p = params_of(launch, job, sizes.n_rows);
    launch.run({.grid_x = ceil_div(p.features, kManyFeatures),
                .grid_y = ceil_div(sizes.n_rows, 8 * kRowTiles),
                .threads = kManyThreads},
               multiply_many_rows<Format, kRowTiles>, p, activations_in(launch, memory, sizes));
  }
};

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
      visit_format(job.weight->dtype, FloatProduct{stream, job, args});
      continue;
    }
    if (!quantised) quantize(stream, args, memory, sizes);
    quantised = true;
    visit_format(job.weight->dtype, QuantisedProduct{stream, job, memory, sizes});
  }
}

}  // namespace qwq::cuda
