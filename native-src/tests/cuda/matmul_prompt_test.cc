// Products of prompts with F16 and BF16 weights on tensor cores (kernels/cuda/matmul_prompt_floats.cuh), on
// the simulated device: within the bound of the reference, far closer to what rounded activations give, and
// the same bits for any number of rows.
#include "formats/half.h"
#include "tests/cuda/device_testing.h"

namespace qwq::test {
namespace {

struct Shape {
  int64_t rows;  // of the weight
  int64_t cols;
  int64_t n_rows;  // of x
};

struct PromptProduct {
  PromptProduct(DType dtype, const Shape& shape, uint64_t stream, bool with_bias)
      : shape(shape),
        host_weight(dtype, shape.rows, shape.cols, 10 + stream),
        weight(host_weight.tensor()),
        x(normal(static_cast<size_t>(shape.n_rows * shape.cols), 1000 + stream)),
        bias(normal(static_cast<size_t>(shape.rows), 2000 + stream)),
        with_bias(with_bias) {}

  std::vector<float> run_device(uint64_t seed, int64_t first, int64_t n) const {
    cuda::Stream stream(seed);
    DeviceBuffer<std::byte> scratch(cuda::matmul_scratch_bytes(n, shape.cols));
    DeviceBuffer<float> out(static_cast<size_t>(n * shape.rows));
    const MatmulJob job = {&weight.tensor(), with_bias ? bias.data() : nullptr, out.data(), shape.rows};
    cuda::matmul(stream, {&job, 1, x.data() + first * shape.cols, n, shape.cols, Recipe::kPrefill},
                 scratch.data());
#if !defined(__CUDACC__)
    on_tensor_cores = stream.counts().contains("multiply_prompt_floats");
#endif
    return out.copy();
  }

  Shape shape;
  Weight host_weight;
  DeviceWeight weight;
  DeviceBuffer<float> x;
  DeviceBuffer<float> bias;
  bool with_bias;
  mutable bool on_tensor_cores = true;
};

// A row of x as the kernel rounds it.
std::vector<double> rounded(DType dtype, const float* x, int64_t cols) {
  float largest = 0;
  for (int64_t k = 0; k < cols; ++k) largest = std::max(largest, std::fabs(x[k]));
  int exponent = 0;
  std::frexp(largest, &exponent);
  std::vector<double> result;
  for (int64_t k = 0; k < cols; ++k) {
    if (dtype == DType::kBF16) {
      result.push_back(bf16_to_f32(f32_to_bf16(x[k])));
    } else {
      const uint16_t half = f32_to_f16(std::ldexp(x[k], 15 - exponent));
      result.push_back(std::ldexp(static_cast<double>(f16_to_f32(half)), exponent - 15));
    }
  }
  return result;
}

void check(const PromptProduct& product, uint64_t seed) {
  const Shape& shape = product.shape;
  const DType dtype = product.weight.tensor().dtype;
  const double eps = 0x1p-24;
  const double chain = (40 * static_cast<double>(shape.cols + 15) / 16 + 2) * eps;
  const double unit = dtype == DType::kF16 ? 0x1p-11 : 0x1p-9;
  const std::vector<float> actual = product.run_device(seed, 0, shape.n_rows);
  CHECK(product.on_tensor_cores);
  for (int64_t r = 0; r < shape.n_rows; ++r) {
    const float* x = product.x.data() + r * shape.cols;
    const std::vector<double> x_rounded = rounded(dtype, x, shape.cols);
    double largest = 0;
    for (int64_t k = 0; k < shape.cols; ++k) largest = std::max<double>(largest, std::fabs(x[k]));
    for (int64_t f = 0; f < shape.rows; ++f) {
      const std::vector<float> w = product.host_weight.decoded_row(f);
      const double bias = product.with_bias ? product.bias[static_cast<size_t>(f)] : 0;
      double exact = bias, near = bias, magnitude = 0, weights = 0;
      for (size_t k = 0; k < w.size(); ++k) {
        exact += static_cast<double>(w[k]) * x[k];
        near += w[k] * x_rounded[k];
        magnitude += std::fabs(w[k] * x_rounded[k]);
        weights += std::fabs(static_cast<double>(w[k]));
      }
      const double sums = chain * magnitude + 2 * eps * (std::fabs(near) + std::fabs(bias));
      const double small = dtype == DType::kF16 ? 0x1p-39 * largest : 0;
      const size_t at = static_cast<size_t>(r * shape.rows + f);
      CHECK_NEAR(actual[at], near, sums);
      CHECK_NEAR(actual[at], exact, sums + unit * magnitude * (1 + 2 * unit) + small * weights);
    }
  }
}

const DType kTypes[] = {DType::kF16, DType::kBF16};

}  // namespace

TEST(all_tails_of_columns_rows_and_features) {
  uint64_t stream = 0;
  for (const DType dtype : kTypes) {
    for (int64_t cols = 8; cols <= 136; cols += 8) {
      check({dtype, {1 + cols % 37, cols, 1 + cols % 13}, ++stream, cols % 16 == 0}, kSeed);
    }
    for (const int64_t n_rows : {1, 8, 9, 63, 64, 65, 130}) {
      check({dtype, {33, 72, n_rows}, ++stream, true}, kSeed);
    }
    for (const int64_t rows : {127, 128, 129, 300}) {
      check({dtype, {rows, 64, 3}, ++stream, false}, kSeed);
    }
    check({dtype, {20, 1024, 12}, ++stream, true}, kSeed);
  }
}

// Rows far outside of f16 and elements of very different size, zeros among them.
TEST(rows_of_any_size) {
  for (const DType dtype : kTypes) {
    PromptProduct product(dtype, {40, 128, 7}, 100, false);
    const float sizes[] = {1.0f, 1e20f, 1e-20f, 70000.0f, 0.0f, 1e30f, 1e-30f};
    for (size_t i = 0; i < product.x.size(); ++i) {
      product.x[i] *= sizes[i / 128] * (i % 3 == 0 ? 1e-4f : 1.0f);
    }
    check(product, kSeed);
  }
}

TEST(bits_do_not_depend_on_the_number_of_rows) {
  for (const DType dtype : kTypes) {
    const PromptProduct product(dtype, {140, 200, 70}, 200, true);
    const std::vector<float> whole = product.run_device(kSeed, 0, 70);
    for (const int64_t chunk : {1, 5, 8, 33}) {
      for (int64_t first = 0; first < 70; first += chunk == 1 ? 23 : chunk) {
        const int64_t n = std::min(chunk, 70 - first);
        const std::vector<float> part = product.run_device(kSeed, first, n);
        expect_same_bits("a chunk", part,
                         std::vector<float>(whole.begin() + first * 140, whole.begin() + (first + n) * 140));
      }
    }
  }
}

// Weights whose rows are no whole pieces of 16 bytes take the other kernel, in both roles.
TEST(odd_rows_give_the_bits_of_generated_tokens) {
  for (const DType dtype : kTypes) {
    const PromptProduct product(dtype, {9, 50, 12}, 300, true);
    const std::vector<float> prompt = product.run_device(kSeed, 0, 12);
#if !defined(__CUDACC__)
    CHECK(!product.on_tensor_cores);
#endif
    cuda::Stream stream(kSeed);
    DeviceBuffer<std::byte> scratch(cuda::matmul_scratch_bytes(12, 50));
    DeviceBuffer<float> out(12 * 9);
    const MatmulJob job = {&product.weight.tensor(), product.bias.data(), out.data(), 9};
    cuda::matmul(stream, {&job, 1, product.x.data(), 12, 50, Recipe::kDecode}, scratch.data());
    expect_same_bits("odd rows", prompt, out.copy());
  }
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
