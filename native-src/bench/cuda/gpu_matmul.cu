#include <algorithm>

#include "bench/cuda/gpu_kernels.h"
#include "formats/format_table.h"
#include "formats/random.h"
#include "kernels/cuda/ops.h"

namespace qwq::bench {

namespace {

constexpr int64_t kRows[] = {1, 2, 4, 8, 16, 32, 64, 512, 2048};
constexpr int64_t kMostRows = 2048;
constexpr int64_t kMostGeneratedRows = 64;  // more are of a prompt
constexpr int64_t kRandomElements = 1 << 18;

size_t row_bytes(const FormatInfo& format, int64_t cols) {
  return static_cast<size_t>(cols / format.block_elements * format.block_bytes);
}

size_t matrix_bytes(const FormatInfo& format, int64_t rows, int64_t cols) {
  return (static_cast<size_t>(rows) * row_bytes(format, cols) + 255) / 256 * 256;
}

size_t copy_bytes(const FormatInfo& format, const MatmulShape& shape) {
  size_t bytes = 0;
  for (const int64_t rows : shape.job_rows) bytes += matrix_bytes(format, rows, shape.cols);
  return bytes;
}

// Really quantised blocks, repeated: a block is valid at any place.
void fill(const FormatInfo& format, GpuMemory& weights) {
  std::vector<float> values(kRandomElements);
  fill_normal(1, 0, 0.02f, values.data(), values.size());
  std::vector<std::byte> blocks(row_bytes(format, kRandomElements));
  format.quantize_row(values.data(), blocks.data(), kRandomElements);
  weights.upload(blocks.data(), std::min(blocks.size(), weights.bytes()));
  weights.repeat(std::min(blocks.size(), weights.bytes()));
}

struct Buffers {
  float* x;
  float* out;
  std::byte* scratch;
};

GpuResult measure(const GpuOptions& options, Gpu& gpu, const FormatInfo& format, const MatmulShape& shape,
                  int64_t n_rows, const GpuMemory& weights, const Buffers& buffers) {
  const size_t one = copy_bytes(format, shape);
  const size_t n_copies = std::max<size_t>(1, weights.bytes() / one);
  std::vector<Tensor> tensors;
  std::vector<MatmulJob> jobs;
  tensors.reserve(n_copies * shape.job_rows.size());
  for (size_t copy = 0; copy < n_copies; ++copy) {
    const std::byte* data = weights.data() + copy * one;
    float* out = buffers.out;
    for (const int64_t rows : shape.job_rows) {
      tensors.push_back({data, row_bytes(format, shape.cols), rows, shape.cols, format.dtype});
      jobs.push_back({&tensors.back(), nullptr, out, shape.out_columns()});
      data += matrix_bytes(format, rows, shape.cols);
      out += rows;
    }
  }
  MatmulArgs args = {};
  args.n_jobs = static_cast<int>(shape.job_rows.size());
  args.x = buffers.x;
  args.n_rows = n_rows;
  args.cols = shape.cols;
  args.recipe = n_rows <= kMostGeneratedRows ? Recipe::kDecode : Recipe::kPrefill;
  const double weight_count = static_cast<double>(shape.weights());
  GpuResult result;
  result.op = "matmul";
  result.format = format.name;
  result.shape = shape.name;
  result.rows = n_rows;
  result.context = 0;
  result.seconds = gpu.time(options.repeats, static_cast<double>(n_copies), [&](cuda::Stream& stream) {
    for (size_t copy = 0; copy < n_copies; ++copy) {
      args.jobs = jobs.data() + copy * static_cast<size_t>(args.n_jobs);
      cuda::matmul(stream, args, buffers.scratch);
    }
  });
  result.bytes = static_cast<double>(one) +
                 4.0 * static_cast<double>(n_rows) * static_cast<double>(shape.cols + shape.out_columns());
  result.operations = 2 * weight_count * static_cast<double>(n_rows);
  return result;
}

}  // namespace

void bench_gpu_matmul(const GpuOptions& options, Gpu& gpu, GpuReport& report) {
  std::vector<MatmulShape> shapes;
  cuda::MatmulLimits most = {kMostRows, 0};
  int64_t most_out = 0;
  for (const ModelShape& model : model_shapes()) {
    if (!has_shape(options, model)) continue;
    for (MatmulShape& shape : matmul_shapes(model)) {
      most.cols = std::max(most.cols, shape.cols);
      for (const int64_t rows : shape.job_rows) {
        most.quantized_features = std::max(most.quantized_features, rows);
        most.quantized_elements = std::max(most.quantized_elements, rows * shape.cols);
      }
      // Of a prompt's rows only the last goes through the output matrix.
      most_out =
          std::max(most_out, shape.out_columns() * (shape.last_row_only ? kMostGeneratedRows : kMostRows));
      shapes.push_back(std::move(shape));
    }
  }
  std::vector<float> values(static_cast<size_t>(kMostRows * most.cols));
  fill_normal(2, 0, 1.0f, values.data(), values.size());
  const GpuArray<float> x(values);
  const GpuMemory out(static_cast<size_t>(most_out) * sizeof(float));
  const GpuMemory scratch(cuda::matmul_scratch_bytes(most));
  for (const FormatInfo& format : all_formats()) {
    if (!contains(options.formats, format.name)) continue;
    size_t bytes = kBytesBetween;
    for (const MatmulShape& shape : shapes) bytes = std::max(bytes, copy_bytes(format, shape));
    GpuMemory weights(bytes + 16);
    fill(format, weights);
    for (const MatmulShape& shape : shapes) {
      if (shape.cols % format.block_elements != 0) continue;
      for (const int64_t n_rows : kRows) {
        if (shape.last_row_only && n_rows > kMostGeneratedRows) continue;
        report.add(measure(options, gpu, format, shape, n_rows, weights,
                           {x.data(), out.as<float>(), scratch.data()}));
      }
    }
  }
}

}  // namespace qwq::bench
