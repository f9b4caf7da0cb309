// matmul on the simulated device: the bits of the cpu backend for quantised weights, the reference's values
// within the recipe's bound for floats.
#include "tests/cuda/device_testing.h"
#include "tests/format_parts.h"

namespace qwq::test {
namespace {

struct Shape {
  int64_t rows;  // of the weight
  int64_t cols;
  int64_t n_rows;  // of x
};

constexpr cuda::StagingLimits kNever = {1 << 30, 1 << 30};
constexpr cuda::StagingLimits kAlways = {1, 1};

bool is_quantised(DType dtype) { return find_format(dtype)->block_elements > 1; }

struct Product {
  Product(DType dtype, const Shape& shape, uint64_t stream, bool with_bias)
      : shape(shape),
        host_weight(dtype, shape.rows, shape.cols, 10 + stream),
        weight(host_weight.tensor()),
        x(normal(static_cast<size_t>(shape.n_rows * shape.cols), 1000 + stream)),
        bias(normal(static_cast<size_t>(shape.rows), 2000 + stream)),
        out_stride(shape.rows + 3),
        out(static_cast<size_t>((shape.n_rows - 1) * out_stride + shape.rows)),
        with_bias(with_bias) {
    // Blocks of very different magnitude, some all zero, some too small to be told from zero.
    const float factors[] = {1.0f, 1e-3f, 100.0f, 0.0f, 1.0f, 1e-31f, 3.0f};
    for (size_t i = 0; i < x.size(); ++i) x[i] *= factors[i / 32 % 7];
  }

  MatmulArgs args(const Tensor& tensor, MatmulJob* job) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = kUntouched;
    *job = {&tensor, with_bias ? bias.data() : nullptr, out.data(), out_stride};
    return {job, 1, x.data(), shape.n_rows, shape.cols, Recipe::kDecode};
  }

  std::vector<float> run_device(uint64_t seed, const cuda::StagingLimits& staging = kNever) {
    cuda::Stream stream(seed);
    DeviceBuffer<std::byte> scratch(cuda::matmul_scratch_bytes({shape.n_rows, shape.cols}));
    MatmulJob job;
    cuda::matmul(stream, args(weight.tensor(), &job), scratch.data(), cuda::kSliceLimits, staging);
    return out.copy();
  }
  std::vector<float> run(const Backend& backend) {
    OpLimits limits = limits_for(shape.cols, 1);
    limits.max_rows = shape.n_rows;
    Context context(backend, limits);
    MatmulJob job;
    backend.matmul(*context, args(host_weight.tensor(), &job));
    return out.copy();
  }

  static constexpr float kUntouched = -12345.0f;

  Shape shape;
  Weight host_weight;
  DeviceWeight weight;
  DeviceBuffer<float> x;
  DeviceBuffer<float> bias;
  int64_t out_stride;
  DeviceBuffer<float> out;
  bool with_bias;
};

// Against the reference. For quantised weights the bound is that of the rounding of activations alone, so
// that this finds blunders; the bits are compared with the cpu backend's.
void check_values(Product& product, const std::vector<float>& actual) {
  const Shape& shape = product.shape;
  const std::vector<float> expected = product.run(reference_backend());
  const bool quantised = is_quantised(product.weight.tensor().dtype);
  for (int64_t f = 0; f < shape.rows; ++f) {
    const std::vector<float> w = product.host_weight.decoded_row(f);
    for (int64_t r = 0; r < shape.n_rows; ++r) {
      const float* x = product.x.data() + r * shape.cols;
      double magnitude = product.with_bias ? std::fabs(product.bias[static_cast<size_t>(f)]) : 0;
      double rounding = 0;
      for (int64_t begin = 0; begin < shape.cols; begin += 32) {
        const int64_t end = std::min(begin + 32, shape.cols);
        double largest = 0;
        double weights = 0;
        for (int64_t k = begin; k < end; ++k) {
          largest = std::max<double>(largest, std::fabs(x[k]));
          weights += std::fabs(w[static_cast<size_t>(k)]);
          magnitude += std::fabs(static_cast<double>(w[static_cast<size_t>(k)]) * x[k]);
        }
        rounding += weights * largest / (largest < 1e-30 ? 1 : 254);  // so small ones count as zero
      }
      const size_t at = static_cast<size_t>(r * product.out_stride + f);
      // Floats: see matmul_floats.cuh, runs of at most 8. Quantised: rounding of x, its level rounded too,
      // and f32 sums, which are smaller by far: one part in a thousand covers them.
      const double bound = quantised ? 1.001 * rounding + 1e-5 * magnitude
                                     : (static_cast<double>(shape.cols) / 32 + 8 + 7) * 0x1p-24 * magnitude;
      CHECK_NEAR(actual[at], expected[at], bound);
    }
  }
}

void check(DType dtype, const Shape& shape, uint64_t stream) {
  Product product(dtype, shape, stream, stream % 2 == 0);
  const std::vector<float> actual = product.run_device(kSeed + stream);
  check_values(product, actual);
  const Backend* cpu = fused_cpu_backend();
  if (is_quantised(dtype) && cpu != nullptr) {
    expect_same_bits(find_format(dtype)->name, actual, product.run(*cpu));
  }
  // Few rows: weights through shared memory, where their format and their length allow for it.
  expect_same_bits(find_format(dtype)->name, product.run_device(kSeed + stream + 1, kAlways), actual);
}

}  // namespace

TEST(few_rows_of_every_format) {
  uint64_t stream = 0;
  for (const FormatInfo& format : all_formats()) {
    const int64_t step = format.block_elements;
    for (int64_t n_rows = 1; n_rows <= 8; ++n_rows) {
      // Whole groups, and for small blocks every number of blocks in the last one.
      const int64_t cols = step == 32 ? 256 + 32 * n_rows : step == 256 ? 256 * (1 + n_rows % 3) : 8 * n_rows;
      check(format.dtype, {15 + n_rows, cols, n_rows}, ++stream);
    }
  }
}

// More groups than are on their way at once, an odd number of them, and a warp whose rows are not all there.
TEST(long_rows_of_every_format) {
  uint64_t stream = 80;
  for (const FormatInfo& format : all_formats()) {
    for (const int64_t n_rows : {1, 2, 3, 8}) {
      check(format.dtype, {21, 256 * (format.block_elements == 1 ? 1 : 10 + n_rows % 3), n_rows}, stream++);
    }
  }
}

TEST(many_rows_of_every_format) {
  uint64_t stream = 100;
  for (const FormatInfo& format : all_formats()) {
    const int64_t step = format.block_elements;
    for (const int64_t n_rows : {9, 17, 37}) {
      const int64_t cols = step == 32 ? 32 * (n_rows % 11) + 256 : step == 256 ? 512 : 50;
      check(format.dtype, {n_rows == 17 ? 70 : 5, cols, n_rows}, ++stream);
    }
  }
}

TEST(all_tails_of_float_columns) {
  uint64_t stream = 200;
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    for (int64_t cols = 1; cols <= 70; ++cols) check(dtype, {3, cols, 1 + cols % 3}, ++stream);
    for (const int64_t cols : {255, 256, 264, 1000}) check(dtype, {9, cols, 2}, ++stream);
  }
}

TEST(every_block_of_a_group_and_every_feature_of_a_tile) {
  for (int64_t blocks = 1; blocks <= 9; ++blocks) {
    check(DType::kQ8_0, {blocks, 32 * blocks, 1}, 300 + static_cast<uint64_t>(blocks));
    check(DType::kQ4_0, {blocks, 32 * blocks, 10}, 310 + static_cast<uint64_t>(blocks));
  }
  for (const int64_t rows : {63, 64, 65, 129})
    check(DType::kQ4_K, {rows, 256, 12}, 320 + static_cast<uint64_t>(rows));
}

// An element depends on its row of x and its row of weights alone, whichever kernel computes it.
TEST(bits_do_not_depend_on_the_number_of_rows) {
  for (const FormatInfo& format : all_formats()) {
    Product product(format.dtype, {21, 512, 20}, 400, true);
    const std::vector<float> whole = product.run_device(kSeed);
    cuda::Stream stream(kSeed + 1);
    DeviceBuffer<std::byte> scratch(cuda::matmul_scratch_bytes({20, 512}));
    for (const int64_t chunk : {1, 3, 8, 11}) {
      for (size_t i = 0; i < product.out.size(); ++i) product.out[i] = Product::kUntouched;
      for (int64_t r = 0; r < 20; r += chunk) {
        const MatmulJob job = {&product.weight.tensor(), product.bias.data(),
                               product.out.data() + r * product.out_stride, product.out_stride};
        cuda::matmul(
            stream,
            {&job, 1, product.x.data() + r * 512, std::min<int64_t>(chunk, 20 - r), 512, Recipe::kDecode},
            scratch.data());
      }
      expect_same_bits(format.name, product.out.copy(), whole);
    }
  }
}

TEST(jobs_of_different_formats_share_the_input) {
  const Weight weights[] = {{DType::kQ4_K, 20, 512, 20},
                            {DType::kF16, 9, 512, 21},
                            {DType::kQ6_K, 17, 512, 22},
                            {DType::kBF16, 5, 512, 24},
                            {DType::kF32, 6, 512, 25}};
  const DeviceBuffer<float> x(normal(3 * 512, 23));
  cuda::Stream stream(kSeed);
  DeviceBuffer<std::byte> scratch(cuda::matmul_scratch_bytes({3, 512, 20, 20 * 512}));
  std::vector<std::unique_ptr<DeviceWeight>> on_device;
  std::vector<SharedVector<float>> together(5), alone(5);
  MatmulJob jobs[5];
  for (size_t j = 0; j < 5; ++j) {
    on_device.push_back(std::make_unique<DeviceWeight>(weights[j].tensor()));
    const int64_t rows = weights[j].tensor().rows;
    together[j].resize(static_cast<size_t>(3 * rows));
    alone[j].resize(together[j].size());
    const MatmulJob job = {&on_device[j]->tensor(), nullptr, alone[j].data(), rows};
    cuda::matmul(stream, {&job, 1, x.data(), 3, 512, Recipe::kPrefill}, scratch.data());
    jobs[j] = {&on_device[j]->tensor(), nullptr, together[j].data(), rows};
  }
  cuda::matmul(stream, {jobs, 5, x.data(), 3, 512, Recipe::kPrefill}, scratch.data());
  wait_for_kernels();
  for (size_t j = 0; j < 5; ++j) CHECK(together[j] == alone[j]);
}

// Every level and scale at its largest, activations too: sums must not overflow.
TEST(extremes_are_exact) {
  const Backend* cpu = fused_cpu_backend();
  for (const FormatInfo& format : all_formats()) {
    if (format.block_elements == 1) continue;
    for (const int fill : {0x00, 0x7f, 0x80, 0xff}) {
      for (const int64_t n_rows : {4, 12}) {
        Product product(format.dtype, {2, 256, n_rows}, 500, false);
        for (std::byte* bytes :
             {const_cast<std::byte*>(product.host_weight.tensor().data), product.weight.data()}) {
          std::memset(bytes, fill, 2 * product.weight.tensor().row_bytes);
          for (int64_t at = 0; at < 512; at += format.block_elements) {
            // Scales of 1 (and -1 for the rest of what is filled): the f16 fields of each format.
            std::byte* block = bytes + at / format.block_elements * format.block_bytes;
            for (const int offset : f16_offsets(format.dtype)) store<uint16_t>(block + offset, 0x3c00);
          }
        }
        for (int64_t i = 0; i < n_rows * 256; ++i) {
          const float values[] = {127, -127, i % 2 == 0 ? 127.0f : -127.0f, 0};
          product.x[static_cast<size_t>(i)] = values[i / 256 % 4];
        }
        const std::vector<float> actual = product.run_device(kSeed);
        for (int64_t r = 0; r < n_rows; ++r) {
          const std::vector<float> w = product.host_weight.decoded_row(0);
          double exact = 0;
          double magnitude = 0;
          for (size_t k = 0; k < 256; ++k) {
            const double term = static_cast<double>(w[k]) * product.x[static_cast<size_t>(r * 256) + k];
            exact += term;
            magnitude += std::fabs(term);
          }
          // As on the cpu: two terms of affine formats and three additions round.
          CHECK_NEAR(actual[static_cast<size_t>(r * product.out_stride)], exact, 16 * 0x1p-24 * magnitude);
        }
        if (cpu != nullptr) expect_same_bits(format.name, actual, product.run(*cpu));
      }
    }
  }
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
