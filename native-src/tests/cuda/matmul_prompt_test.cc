// Products of prompts on tensor cores (kernels/cuda/matmul_prompt_floats.cuh), with F16 and BF16 weights and
// with quantised ones rounded to f16 (dequantize_weights.cuh), on the simulated device: within the bound of
// the reference, far closer to what rounded activations and weights give, and the same bits for any number of
// rows and any slices.
#include <bit>

#include "formats/half.h"
#include "kernels/cuda/matmul_jobs.cuh"
#include "tests/cuda/device_testing.h"
#include "tests/format_parts.h"

namespace qwq::test {
namespace {

struct Shape {
  int64_t rows;  // of the weight
  int64_t cols;
  int64_t n_rows;  // of x
};

bool is_quantised(DType dtype) { return find_format(dtype)->block_elements > 1; }

// Slices of 128 features and 256 columns.
constexpr cuda::SliceLimits kSmallSlices = {128 * 256, 128};

struct PromptProduct {
  PromptProduct(DType dtype, const Shape& shape, uint64_t stream, bool with_bias)
      : shape(shape),
        host_weight(dtype, shape.rows, shape.cols, 10 + stream),
        weight(host_weight.tensor()),
        x(normal(static_cast<size_t>(shape.n_rows * shape.cols), 1000 + stream)),
        bias(normal(static_cast<size_t>(shape.rows), 2000 + stream)),
        with_bias(with_bias) {}

  std::vector<float> run_device(uint64_t seed, int64_t first, int64_t n,
                                const cuda::SliceLimits& limits = cuda::kSliceLimits) const {
    cuda::Stream stream(seed);
    const size_t used =
        cuda::matmul_scratch_bytes({n, shape.cols, shape.rows, shape.rows * shape.cols}, limits);
    DeviceBuffer<std::byte> scratch(used + 64);
    DeviceBuffer<float> out(static_cast<size_t>(n * shape.rows));
    const MatmulJob job = {&weight.tensor(), with_bias ? bias.data() : nullptr, out.data(), shape.rows};
    cuda::matmul(stream, {&job, 1, x.data() + first * shape.cols, n, shape.cols, Recipe::kPrefill},
                 scratch.data(), limits);
#if !defined(__CUDACC__)
    const auto counts = stream.counts().find("multiply_prompt_floats");
    launches = counts == stream.counts().end() ? 0 : counts->second.launches;
#endif
    for (size_t i = used; i < scratch.size(); ++i) CHECK(scratch[i] == std::byte{0xff});
    return out.copy();
  }

  Shape shape;
  Weight host_weight;
  DeviceWeight weight;
  DeviceBuffer<float> x;
  DeviceBuffer<float> bias;
  bool with_bias;
  mutable uint64_t launches = 1;  // on tensor cores, of the last run
};

// A matrix as its products take it.
struct RoundedWeights {
  std::vector<double> w;
  std::vector<double> unscale;  // of each row; 0 where nothing can be too small
};

// Dequantised by the device in one piece, which must have the shape of the whole.
RoundedWeights rounded(const PromptProduct& product) {
  const Shape& shape = product.shape;
  RoundedWeights result;
  if (!is_quantised(product.weight.tensor().dtype)) {
    for (int64_t f = 0; f < shape.rows; ++f) {
      const std::vector<float> row = product.host_weight.decoded_row(f);
      result.w.insert(result.w.end(), row.begin(), row.end());
    }
    result.unscale.resize(static_cast<size_t>(shape.rows));
    return result;
  }
  cuda::Stream stream(kSeed);
  DeviceBuffer<std::byte> scratch(cuda::DequantizedMemory::bytes(shape.rows, shape.rows * shape.cols));
  const cuda::DequantizedMemory memory(scratch.data(), shape.rows);
  cuda::scale_weights(stream, product.weight.tensor(), memory);
  cuda::dequantize(stream, product.weight.tensor(), {0, shape.rows, 0, shape.cols}, memory);
  wait_for_kernels();
  const uint16_t* halves = reinterpret_cast<const uint16_t*>(memory.halves);
  for (int64_t f = 0; f < shape.rows; ++f) {
    result.unscale.push_back(memory.unscale[f]);
    for (int64_t k = 0; k < shape.cols; ++k) {
      result.w.push_back(static_cast<double>(f16_to_f32(*halves++)) * memory.unscale[f]);
    }
  }
  return result;
}

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

void check(const PromptProduct& product, uint64_t seed,
           const cuda::SliceLimits& limits = cuda::kSliceLimits) {
  const Shape& shape = product.shape;
  const DType dtype = product.weight.tensor().dtype;
  const double eps = 0x1p-24;
  const double chain = (40 * static_cast<double>(shape.cols + 15) / 16 + 2) * eps;
  const double unit = dtype == DType::kBF16 ? 0x1p-8 : 0x1p-11;
  const std::vector<float> actual = product.run_device(seed, 0, shape.n_rows, limits);
  CHECK(product.launches > 0);
  const RoundedWeights weights = rounded(product);
  for (int64_t r = 0; r < shape.n_rows; ++r) {
    const float* x = product.x.data() + r * shape.cols;
    const std::vector<double> x_rounded = rounded(dtype, x, shape.cols);
    double largest = 0;
    for (int64_t k = 0; k < shape.cols; ++k) largest = std::max<double>(largest, std::fabs(x[k]));
    const double small = dtype == DType::kBF16 ? 0 : 0x1p-39 * largest;
    for (int64_t f = 0; f < shape.rows; ++f) {
      const std::vector<float> w = product.host_weight.decoded_row(f);
      const double* w_rounded = weights.w.data() + f * shape.cols;
      const double bias = product.with_bias ? product.bias[static_cast<size_t>(f)] : 0;
      const double small_weight = 0x1p-25 * weights.unscale[static_cast<size_t>(f)];
      double exact = bias, near = bias, magnitude = 0, rounding = 0;
      for (size_t k = 0; k < w.size(); ++k) {
        exact += static_cast<double>(w[k]) * x[k];
        near += w_rounded[k] * x_rounded[k];
        magnitude += std::fabs(w_rounded[k] * x_rounded[k]);
        rounding += (unit * std::fabs(x_rounded[k]) * (1 + 2 * unit) + small) * std::fabs(w_rounded[k]);
        if (small_weight == 0) continue;
        rounding += (unit * std::fabs(w_rounded[k]) * (1 + 2 * unit) + small_weight) * std::fabs(x[k]);
      }
      const double sums = chain * magnitude + 2 * eps * (std::fabs(near) + std::fabs(bias));
      const size_t at = static_cast<size_t>(r * shape.rows + f);
      CHECK_NEAR(actual[at], near, sums);
      CHECK_NEAR(actual[at], exact, sums + rounding);
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
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kQ4_K, DType::kQ8_0}) {
    const PromptProduct product(dtype, {140, dtype == DType::kQ4_K ? 256 : 224, 70}, 200, true);
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
    CHECK_EQ(product.launches, uint64_t{0});
#endif
    cuda::Stream stream(kSeed);
    DeviceBuffer<std::byte> scratch(cuda::matmul_scratch_bytes({12, 50}));
    DeviceBuffer<float> out(12 * 9);
    const MatmulJob job = {&product.weight.tensor(), product.bias.data(), out.data(), 9};
    cuda::matmul(stream, {&job, 1, product.x.data(), 12, 50, Recipe::kDecode}, scratch.data());
    expect_same_bits("odd rows", prompt, out.copy());
  }
}

// ---------------------------------------------------------------- quantised weights

namespace {

// Halves are those of the decoded elements, and nothing is too large for f16, nor too small where it matters.
void check_halves(const PromptProduct& product) {
  const RoundedWeights weights = rounded(product);
  for (int64_t f = 0; f < product.shape.rows; ++f) {
    const std::vector<float> w = product.host_weight.decoded_row(f);
    const double unscale = weights.unscale[static_cast<size_t>(f)];
    int exponent;
    CHECK(std::frexp(unscale, &exponent) == 0.5);
    double largest = 0;
    for (size_t k = 0; k < w.size(); ++k) {
      const float scaled = static_cast<float>(w[k] / unscale);
      CHECK(std::fabs(scaled) < 0x1p15f);
      const double expected = f16_to_f32(f32_to_f16(scaled)) * unscale;
      CHECK_EQ(weights.w[static_cast<size_t>(f) * w.size() + k], expected);
      largest = std::max<double>(largest, std::fabs(w[k]));
    }
    // The bound of dequantize_weights.cuh is 128 / 3 of a largest level's scale (Q2_K) at most, and a minimum
    // that may cancel most of a level.
    if (largest > 0) CHECK(0x1p-25 * unscale <= 0x1p-30 * largest);
  }
}

void fill_blocks(PromptProduct& product, const std::vector<uint16_t>& scales, uint64_t salt) {
  const Tensor& tensor = product.host_weight.tensor();
  const FormatInfo& format = *find_format(tensor.dtype);
  std::byte* bytes = const_cast<std::byte*>(tensor.data);
  const size_t size = static_cast<size_t>(tensor.rows) * tensor.row_bytes;
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(counter_hash(kSeed + salt, i) & 0xff);
  const std::vector<int> offsets = f16_offsets(tensor.dtype);
  for (size_t block = 0; block < size / static_cast<size_t>(format.block_bytes); ++block) {
    for (size_t i = 0; i < offsets.size(); ++i) {
      store<uint16_t>(
          bytes + block * static_cast<size_t>(format.block_bytes) + static_cast<size_t>(offsets[i]),
          scales[(block + i) % scales.size()]);
    }
  }
  std::memcpy(product.weight.data(), bytes, size);
}

template <typename Body>
void for_each_quantised(Body&& body) {
  uint64_t stream = 1000;
  for (const FormatInfo& format : all_formats()) {
    if (format.block_elements > 1) body(format, ++stream);
  }
}

}  // namespace

TEST(halves_of_every_format) {
  for_each_quantised([](const FormatInfo& format, uint64_t stream) {
    for (const int64_t blocks : {1, 7, 9, 33}) {
      check_halves({format.dtype, {11, blocks * format.block_elements, 1}, stream, false});
    }
  });
}

// The largest and the smallest scales of f16, in turn and among others, and zeros.
TEST(halves_of_extreme_scales) {
  for_each_quantised([](const FormatInfo& format, uint64_t stream) {
    PromptProduct product(format.dtype, {5, 768, 3}, stream, true);
    for (const auto& scales : std::vector<std::vector<uint16_t>>{{0x7bff},
                                                                 {0xfbff},
                                                                 {0x0001},
                                                                 {0x8001},
                                                                 {0x0000},
                                                                 {0x8000},
                                                                 {0x03ff, 0x0400, 0x83ff},
                                                                 {0x7bff, 0x0001, 0x0000, 0x3c00, 0x9001}}) {
      fill_blocks(product, scales, stream + scales.size());
      check_halves(product);
      check(product, kSeed + stream);
    }
  });
}

TEST(what_is_not_finite_stays_in_its_row) {
  for_each_quantised([](const FormatInfo& format, uint64_t stream) {
    for (const uint16_t bits : {0x7c00, 0xfc00, 0x7e00}) {
      PromptProduct product(format.dtype, {3, 512, 2}, stream, false);
      const std::vector<float> before = product.run_device(kSeed, 0, 2);
      const size_t row = product.weight.tensor().row_bytes;
      for (const int offset : f16_offsets(format.dtype)) {
        store<uint16_t>(product.weight.data() + row + static_cast<size_t>(offset),
                        static_cast<uint16_t>(bits));
      }
      const std::vector<float> after = product.run_device(kSeed, 0, 2);
      for (size_t i = 0; i < 6; ++i) {
        CHECK(i % 3 == 1 ? !std::isfinite(after[i]) : after[i] == before[i]);
      }
    }
  });
}

TEST(products_of_every_format) {
  for_each_quantised([](const FormatInfo& format, uint64_t stream) {
    const int64_t step = format.block_elements;
    check({format.dtype, {33, step * 9, 5}, stream, true}, kSeed + stream);
    check({format.dtype, {129, step, 66}, stream, false}, kSeed + stream);
    check({format.dtype, {7, step * 2, 1}, stream, true}, kSeed + stream, kSmallSlices);
  });
}

// Rows of weights far from each other, and of x.
TEST(products_of_rows_of_any_size) {
  const float sizes[] = {1.0f, 1e3f, 1e-3f, 0.0f, 30.0f};
  for (const DType dtype : {DType::kQ8_0, DType::kQ5_1, DType::kQ6_K}) {
    PromptProduct product(dtype, {20, 256, 7}, 1100, true);
    for (size_t i = 0; i < product.x.size(); ++i) {
      product.x[i] *= sizes[i / 256 % 5] * (i % 3 == 0 ? 1e-4f : 1.0f);
    }
    std::vector<float> values = normal(20 * 256, 1101);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] *= sizes[i / 256 % 5] * (i / 32 % 2 == 0 ? 1e-2f : 1.0f);
    }
    const Weight weight(dtype, 20, 256, values, Flush::kEnd);
    const size_t bytes = 20 * weight.tensor().row_bytes;
    std::memcpy(const_cast<std::byte*>(product.host_weight.tensor().data), weight.tensor().data, bytes);
    std::memcpy(product.weight.data(), weight.tensor().data, bytes);
    check(product, kSeed);
    check_halves(product);
  }
}

TEST(slices_change_no_bit) {
  struct Sliced {
    cuda::SliceLimits limits;
    uint64_t launches;
  };
  for (const DType dtype : {DType::kQ8_0, DType::kQ4_K, DType::kQ6_K, DType::kQ5_1}) {
    const int64_t cols = find_format(dtype)->block_elements == 256 ? 768 : 608;
    const PromptProduct product(dtype, {300, cols, 67}, 1200, dtype != DType::kQ6_K);
    const std::vector<float> whole = product.run_device(kSeed, 0, 67);
    for (const Sliced& sliced : {Sliced{kSmallSlices, 9}, {{128 * 768, 128}, 3}, {{512 * 256, 512}, 3}}) {
      expect_same_bits(find_format(dtype)->name, product.run_device(kSeed, 0, 67, sliced.limits), whole);
#if !defined(__CUDACC__)
      CHECK_EQ(product.launches, sliced.launches);
#endif
      expect_same_bits("the last row", product.run_device(kSeed, 66, 1, sliced.limits),
                       std::vector<float>(whole.end() - 300, whole.end()));
    }
  }
}

// Of every matrix of QwQ-32B and Qwen2-72B, and of odd ones.
TEST(slices_are_large_but_not_too_large) {
  const int64_t kMatrices[][2] = {{5120, 5120},   {1024, 5120}, {27648, 5120},         {5120, 27648},
                                  {152064, 5120}, {8192, 8192}, {29568, 8192},         {8192, 29568},
                                  {152064, 8192}, {1, 32},      {1, int64_t{1} << 26}, {int64_t{1} << 24, 32},
                                  {5121, 6592}};
  for (const auto& [rows, cols] : kMatrices) {
    const cuda::WeightSlices slices(rows, cols, cuda::kSliceLimits);
    CHECK(slices.elements() <= std::min(rows * cols, int64_t{1} << 25));
    CHECK(slices.features == rows || (slices.features % 128 == 0 && slices.features < rows));
    CHECK(slices.cols == cols || (slices.cols % 256 == 0 && slices.cols < cols));
    // Equal parts of what has more than 5,120 have at least half of it.
    CHECK(slices.features == rows || slices.features >= 2560);
    const int64_t count = ((rows - 1) / slices.features + 1) * ((cols - 1) / slices.cols + 1);
    CHECK(count <= 2 * ((rows * cols - 1) / (int64_t{1} << 25) + 1));
  }
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
