// add, gather, swiglu, rms_norm and rope on the simulated device: the bits of the cpu backend, and the
// reference's values.
#include "tests/cuda/device_testing.h"

namespace qwq::test {
namespace {

constexpr double kEps = 0x1p-24;  // half an ulp of 1

// Whole blocks of threads, one thread more or fewer, and tails of a warp.
const std::vector<int64_t> kSizes = {1, 2, 31, 32, 33, 255, 256, 257, 1000};

// The result of `run` on the cpu backend, or nothing where it does not fuse.
template <typename Run>
std::vector<float> on_cpu(const OpLimits& limits, Run&& run) {
  const Backend* cpu = fused_cpu_backend();
  if (cpu == nullptr) return {};
  Context context(*cpu, limits);
  return run(*cpu, *context);
}

void expect_cpu_bits(const char* what, const std::vector<float>& actual, const std::vector<float>& cpu) {
  if (!cpu.empty()) expect_same_bits(what, actual, cpu);
}

}  // namespace

TEST(gather_copies_rows) {
  for (const int64_t cols : kSizes) {
    const DeviceBuffer<float> x(normal(static_cast<size_t>(5 * cols), 1));
    const DeviceBuffer<int32_t> rows({4, 0, 3, 3});
    DeviceBuffer<float> out(static_cast<size_t>(4 * cols));
    cuda::Stream stream(kSeed);
    cuda::gather(stream, {x.data(), rows.data(), 4, cols, out.data()}, 5);
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t width = static_cast<size_t>(cols);
      CHECK_EQ(out[i], x[static_cast<size_t>(rows[i / width]) * width + i % width]);
    }
  }
}

TEST(add_rounds_once) {
  for (const int64_t n : kSizes) {
    const std::vector<float> a = normal(static_cast<size_t>(n), 2);
    const DeviceBuffer<float> y(normal(a.size(), 3));
    DeviceBuffer<float> x(a);
    cuda::Stream stream(kSeed);
    cuda::add(stream, {x.data(), y.data(), n});
    for (size_t i = 0; i < a.size(); ++i) CHECK_EQ(x[i], a[i] + y[i]);
  }
  cuda::Stream stream(kSeed);
  cuda::add(stream, {nullptr, nullptr, 0});
}

TEST(swiglu_for_all_sizes) {
  for (const int64_t n : kSizes) {
    std::vector<float> gates(static_cast<size_t>(n));
    // From -100 to 100: beyond the range of exp at both ends.
    for (size_t i = 0; i < gates.size(); ++i) {
      gates[i] = -100.0f + 200.0f * static_cast<float>(i) / static_cast<float>(n);
    }
    const DeviceBuffer<float> gate(gates);
    const DeviceBuffer<float> up(normal(gates.size(), 4));
    DeviceBuffer<float> out(gates.size());
    cuda::Stream stream(kSeed);
    cuda::swiglu(stream, {gate.data(), up.data(), 1, n, out.data()});
    std::vector<float> expected(gates.size());
    Context context(reference_backend(), limits_for(1, 1));
    reference_backend().swiglu(*context, {gate.data(), up.data(), 1, n, expected.data()});
    for (size_t i = 0; i < expected.size(); ++i) {
      // As on the cpu: exp 2^-22, three roundings, and the reference's own; clamped exponents.
      CHECK_NEAR(out[i], expected[i],
                 std::fabs(expected[i]) * (0x1p-22 + 4 * kEps) + 5e-37 * std::fabs(up[i]));
    }
    expect_cpu_bits("swiglu", out.copy(), on_cpu(limits_for(1, 1), [&](const Backend& cpu, OpContext& ctx) {
                      std::vector<float> values(gates.size());
                      cpu.swiglu(ctx, {gate.data(), up.data(), 1, n, values.data()});
                      return values;
                    }));
    DeviceBuffer<float> aliased(gates);
    cuda::swiglu(stream, {aliased.data(), up.data(), 1, n, aliased.data()});
    CHECK(same_bits(aliased.copy(), out.copy()));
  }
}

TEST(add_rms_norm_is_both) {
  for (const int64_t n : {1, 33, 63, 64, 65, 257, 8192, 8193, 9000}) {
    const std::vector<float> x = normal(static_cast<size_t>(3 * n), 20);
    const DeviceBuffer<float> y(normal(x.size(), 21));
    const DeviceBuffer<float> weight(normal(static_cast<size_t>(n), 22));
    DeviceBuffer<float> sum(x), expected_sum(x), out(x.size()), expected(x.size());
    cuda::Stream stream(kSeed);
    cuda::add_rms_norm(stream, {sum.data(), y.data(), weight.data(), 1e-6f, 3, n, out.data()});
    cuda::add(stream, {expected_sum.data(), y.data(), 3 * n});
    cuda::rms_norm(stream, {expected_sum.data(), weight.data(), 1e-6f, 3, n, expected.data()});
    expect_same_bits("the sum", sum.copy(), expected_sum.copy());
    expect_same_bits("its norm", out.copy(), expected.copy());
  }
}

TEST(rms_norm_for_all_tails) {
  std::vector<int64_t> sizes = {896, 5120, 5121, 8191, 8192, 8193, 8197, 16500};
  for (int64_t n = 1; n <= 150; n += n < 100 ? 1 : 7) sizes.push_back(n);
  for (const int64_t n : sizes) {
    const size_t count = static_cast<size_t>(3 * n);
    const DeviceBuffer<float> x(normal(count, 5, 3.0f));
    const DeviceBuffer<float> weight(normal(static_cast<size_t>(n), 6));
    DeviceBuffer<float> out(count);
    cuda::Stream stream(kSeed);
    cuda::rms_norm(stream, {x.data(), weight.data(), 1e-6f, 3, n, out.data()});
    std::vector<float> expected(count);
    Context context(reference_backend(), limits_for(n, 1));
    reference_backend().rms_norm(*context, {x.data(), weight.data(), 1e-6f, 3, n, expected.data()});
    // A lane sums n / 64 + 3 squares, 6 additions more; half of that, and seven roundings as on the cpu.
    const double additions = static_cast<double>(n) / 64 + 3 + 6;
    for (size_t i = 0; i < count; ++i) {
      CHECK_NEAR(out[i], expected[i], std::fabs(expected[i]) * (additions / 2 + 7) * kEps);
    }
    expect_cpu_bits("rms_norm", out.copy(), on_cpu(limits_for(n, 1), [&](const Backend& cpu, OpContext& ctx) {
                      std::vector<float> values(count);
                      cpu.rms_norm(ctx, {x.data(), weight.data(), 1e-6f, 3, n, values.data()});
                      return values;
                    }));
    DeviceBuffer<float> aliased(x.copy());
    cuda::rms_norm(stream, {aliased.data(), weight.data(), 1e-6f, 3, n, aliased.data()});
    CHECK(same_bits(aliased.copy(), out.copy()));
  }
}

TEST(rope_for_all_head_sizes) {
  for (const int head_dim : {2, 4, 14, 64, 96, 128, 130}) {
    constexpr int kHeads = 3;
    constexpr int64_t kRows = 5;
    const int64_t stride = kHeads * head_dim + 5;
    const std::vector<float> values =
        normal(static_cast<size_t>((kRows - 1) * stride + kHeads * head_dim), 7);
    const DeviceBuffer<int32_t> positions({0, 1, 77, 4095, 131071});
    std::vector<float> frequencies(static_cast<size_t>(head_dim / 2));
    for (size_t i = 0; i < frequencies.size(); ++i) {
      frequencies[i] = std::pow(1e6f, -2.0f * static_cast<float>(i) / static_cast<float>(head_dim));
    }
    const DeviceBuffer<float> inv_freq(frequencies);
    const auto args_for = [&](float* x) {
      return RopeArgs{x, stride, kRows, kHeads, head_dim, positions.data(), inv_freq.data(), 1.1386f};
    };
    DeviceBuffer<float> x(values);
    cuda::Stream stream(kSeed);
    cuda::rope(stream, args_for(x.data()));
    OpLimits limits = limits_for(1, 1);
    limits.head_dim = head_dim;
    std::vector<float> expected = values;
    Context context(reference_backend(), limits);
    reference_backend().rope(*context, args_for(expected.data()));
    const size_t half = static_cast<size_t>(head_dim) / 2;
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t in_row = i % static_cast<size_t>(stride);
      if (in_row >= static_cast<size_t>(kHeads * head_dim)) {
        CHECK_EQ(x[i], values[i]);  // between the rows
        continue;
      }
      const double partner = in_row % (2 * half) < half ? values[i + half] : values[i - half];
      // cos and sin, two products and a sum round, the reference once: 4 half ulps of |a| + |b|.
      CHECK_NEAR(x[i], expected[i], 4 * kEps * 1.1386 * (std::fabs(values[i]) + std::fabs(partner)));
    }
    expect_cpu_bits("rope", x.copy(), on_cpu(limits, [&](const Backend& cpu, OpContext& ctx) {
                      std::vector<float> rotated = values;
                      cpu.rope(ctx, args_for(rotated.data()));
                      return rotated;
                    }));
  }
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
