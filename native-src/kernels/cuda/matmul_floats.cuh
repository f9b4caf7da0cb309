// Products with weights that are floats: F32, F16, BF16. A warp multiplies a row of weights, widened to f32,
// with some rows of x.
//
// Accumulation of an element: columns in runs of 16 bytes of weights where cols is a multiple of such a run,
// else of one; run i goes to lane i mod 32, ascending and fused; lanes l and l + 16 are added, then l and l +
// 8, l + 4, l + 2, l + 1; then the bias. Error at most (cols / 32 + run + 7) * 2^-24 * sum |x w|. Both roles
// follow this recipe.
#pragma once

#include "kernels/cuda/formats/visit_format.cuh"
#include "kernels/cuda/matmul_few_rows.cuh"

namespace qwq::cuda {

inline constexpr int kFloatThreads = 128;

template <class Format>
struct DeviceFloat;

template <>
struct DeviceFloat<F32> {
  static QWQ_DEVICE float load(Global<const uint8_t> p) { return read<float>(p); }
  static QWQ_DEVICE float of_words(const Words4& words, int i) { return bits_float(words.w[i]); }
};
template <>
struct DeviceFloat<F16> {
  static QWQ_DEVICE float load(Global<const uint8_t> p) { return half_to_float(read<uint16_t>(p)); }
  static QWQ_DEVICE float of_words(const Words4& words, int i) {
    return half_to_float(static_cast<uint16_t>(words.w[i / 2] >> (16 * (i % 2)) & 0xffffu));
  }
};
template <>
struct DeviceFloat<BF16> {
  static QWQ_DEVICE float load(Global<const uint8_t> p) {
    return bits_float(uint32_t{read<uint16_t>(p)} << 16);
  }
  static QWQ_DEVICE float of_words(const Words4& words, int i) {
    const uint32_t word = words.w[i / 2];
    return bits_float(i % 2 == 0 ? word << 16 : word & 0xffff0000u);
  }
};

// Columns of a run.
template <class Format>
inline constexpr int kFloatRun = 16 / Format::kBlockBytes;

// Rows [row, row + kRows) of x, as far as there are; block_y counts such runs of rows. kRuns: cols is a
// multiple of kFloatRun, and x is aligned to 16 bytes.
template <class Format, int kRows, bool kRuns>
QWQ_KERNEL void QWQ_THREADS(kFloatThreads)
    multiply_floats(MatmulParams p, Global<const float> x, int64_t n_rows) {
  constexpr int kRun = kRuns ? kFloatRun<Format> : 1;
  const int64_t feature = int64_t{block_x()} * (kFloatThreads / kWarp) + warp_index();
  if (feature >= p.features) return;  // the whole warp
  const int64_t row = int64_t{block_y()} * kRows;
  const Global<const uint8_t> weights = p.weights + feature * p.row_bytes;
  float sums[kRows] = {};
  for (int64_t k = lane_index() * kRun; k < p.cols; k += kWarp * kRun) {
    float w[kRun];
    if constexpr (kRuns) {
      const Words4 words = read<Words4>(weights + k * Format::kBlockBytes);
      QWQ_UNROLL
      for (int i = 0; i < kRun; ++i) w[i] = DeviceFloat<Format>::of_words(words, i);
    } else {
      w[0] = DeviceFloat<Format>::load(weights + k * Format::kBlockBytes);
    }
    QWQ_UNROLL
    for (int r = 0; r < kRows; ++r) {
      if (row + r >= n_rows) continue;
      const Global<const float> columns = x + (row + r) * p.cols + k;
      if constexpr (kRuns) {
        QWQ_UNROLL
        for (int i = 0; i < kRun; i += 4) {
          const Float4 four = read<Float4>(columns + i);
          QWQ_UNROLL
          for (int j = 0; j < 4; ++j) sums[r] = fma(four.v[j], w[i + j], sums[r]);
        }
      } else {
        sums[r] = fma(columns[0], w[0], sums[r]);
      }
    }
  }
  QWQ_UNROLL
  for (int r = 0; r < kRows; ++r) {
    float sum = sums[r];
    QWQ_UNROLL
    for (int width = kWarp / 2; width > 0; width /= 2) sum += shuffle_xor(kAllLanes, sum, width);
    if (row + r < n_rows && lane_index() == r) {
      const float bias = p.bias == nullptr ? 0.0f : static_cast<float>(p.bias[feature]);
      p.out[(row + r) * p.out_stride + feature] = sum + bias;
    }
  }
}

}  // namespace qwq::cuda
