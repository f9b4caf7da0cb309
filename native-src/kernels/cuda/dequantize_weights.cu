#include "kernels/cuda/dequantize_weights.cuh"

#include "kernels/cuda/matmul_jobs.cuh"

namespace qwq::cuda {

namespace {

Global<const uint8_t> weights_in(Launch& launch, const Tensor& w) {
  return launch.constant("weights", reinterpret_cast<const uint8_t*>(w.data),
                         padded_to_16(static_cast<size_t>(w.rows) * w.row_bytes));
}

struct Scale {
  Stream& stream;
  const Tensor& weight;
  const DequantizedMemory& memory;

  template <class Format>
  void run() const {
    if constexpr (!kIsPlain<Format>) {
      Launch launch(stream, "scale_features");
      const auto weights = weights_in(launch, weight);
      const auto unscale = launch.out("unscale", memory.unscale, static_cast<size_t>(weight.rows));
      launch.run({.grid_x = ceil_div(weight.rows, kDequantizeThreads / kWarp),
                  .threads = kDequantizeThreads,
                  .early = true},
                 scale_features<Format>, weights, static_cast<int64_t>(weight.row_bytes), weight.rows,
                 weight.cols, unscale);
    }
  }
};

struct Dequantize {
  Stream& stream;
  const Tensor& weight;
  const WeightSlice& slice;
  const DequantizedMemory& memory;

  template <class Format>
  void run() const {
    if constexpr (!kIsPlain<Format>) {
      Launch launch(stream, "dequantize_weights");
      SliceOfWeights s;
      s.weights = weights_in(launch, weight);
      s.row_bytes = static_cast<int64_t>(weight.row_bytes);
      s.unscale = launch.in("unscale", memory.unscale, static_cast<size_t>(weight.rows));
      s.first_feature = slice.first_feature;
      s.first_block = static_cast<int>(slice.first_col / 32);
      s.blocks = static_cast<int>(slice.cols / 32);
      s.n_blocks = static_cast<int>(slice.features) * s.blocks;
      const auto halves =
          launch.out("halves", memory.halves, static_cast<size_t>(slice.features * slice.cols / 2));
      launch.run(
          {.grid_x = ceil_div(s.n_blocks, kDequantizeThreads), .threads = kDequantizeThreads, .early = true},
          dequantize_weights<Format>, s, halves);
    }
  }
};

}  // namespace

void scale_weights(Stream& stream, const Tensor& weight, const DequantizedMemory& memory) {
  visit_format(weight.dtype, Scale{stream, weight, memory});
}

void dequantize(Stream& stream, const Tensor& weight, const WeightSlice& slice,
                const DequantizedMemory& memory) {
  visit_format(weight.dtype, Dequantize{stream, weight, slice, memory});
}

}  // namespace qwq::cuda
