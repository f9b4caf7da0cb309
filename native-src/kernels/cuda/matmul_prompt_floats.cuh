// Products of prompts on tensor cores, with F16 and BF16 weights whose rows are whole pieces of 16 bytes, and
// with quantised ones, rounded to f16: the recipe for tokens of the prompt's role. (Other weights follow
// matmul_floats.cuh, generated tokens that or the int8 recipe.)
//
// A block of threads computes 128 features of 64 rows, 64 columns at a time; the next 64 are copied
// meanwhile. An element is, whatever the number of rows,
//
//   x    rounded to the weights' type: BF16 off by 2^-8 relative; F16 after multiplication by the power of
//   two
//        that brings the row's largest element to [2^14, 2^15), off by 2^-11 relative or 2^-39 of the largest
//   sum  of x w in f32, cols / 16 products of depth 16 in turn; each off by at most 40 * 2^-24 of the sum of
//        magnitudes, as attention_prompt.cuh says
//   out  sum, by the inverse power of two, plus the bias
//
// Quantised weights come as slices of f16, multiplied by a power of two each row (dequantize_weights.cuh),
// whose inverse the sum is multiplied by first. Between slices of columns the sums wait in out: slices change
// no bit.
#pragma once

#include <type_traits>

#include "kernels/cuda/formats/visit_format.cuh"
#include "kernels/cuda/matmul_few_rows.cuh"
#include "kernels/cuda/pieces.cuh"
#include "kernels/cuda/rounded_activations.cuh"

namespace qwq::cuda {

inline constexpr int kRoundThreads = 256;
inline constexpr int kPromptMatmulThreads = 128;
inline constexpr int kPromptFeatures = 128;  // of a block of threads, 32 of a warp
inline constexpr int kPromptRows = 64;
inline constexpr int kColumnPieces = kPromptColumns / 8;  // of 16 bytes

// A block of threads a row.
template <class Format>
QWQ_KERNEL void QWQ_THREADS(kRoundThreads)
    round_activations(Global<const float> x, int64_t cols, int64_t stride, Global<uint32_t> rounded,
                      Global<float> unscale) {
  constexpr bool kHalf = Format::kDType == DType::kF16;
  wait_for_earlier_launches();
  const int64_t row = block_x();
  const int t = thread_index();
  const Global<const float> from = x + row * cols;
  int exponent = 127;
  if constexpr (kHalf) {
    QWQ_SHARED(float, of_warps, kRoundThreads / kWarp);
    float largest = 0.0f;
    for (int64_t i = t; i < cols; i += kRoundThreads) {
      const float v = from[i];
      const float magnitude = v < 0.0f ? -v : v;
      largest = magnitude > largest ? magnitude : largest;
    }
    QWQ_UNROLL
    for (int width = kWarp / 2; width > 0; width /= 2) {
      const float other = shuffle_xor(kAllLanes, largest, width);
      largest = other > largest ? other : largest;
    }
    if (lane_index() == 0) of_warps[warp_index()] = largest;
    sync_block();
    for (int w = 0; w < kRoundThreads / kWarp; ++w) {
      largest = of_warps[w] > largest ? static_cast<float>(of_warps[w]) : largest;
    }
    exponent = to_half_exponent(largest);
  }
  const float factor = power_of_two(exponent);
  for (int64_t i = t; i < stride / 2; i += kRoundThreads) {
    const float low = 2 * i < cols ? from[2 * i] * factor : 0.0f;
    const float high = 2 * i + 1 < cols ? from[2 * i + 1] * factor : 0.0f;
    rounded[row * (stride / 2) + i] = kHalf ? pack_halves(low, high) : pack_bfloat16(low, high);
  }
  if (t == 0) unscale[row] = power_of_two(254 - exponent);
}

// The format of weights that dequantize_weights has left.
struct Dequantized : F16 {};

// What is known of Dequantized ones beside their elements.
struct SliceSums {
  Global<const float> unscale;  // [features]
  bool first;                   // of the columns: sums begin with zero, not with what is in out
  bool last;                    // sums are complete
};

struct RoundedRows {
  Global<const uint32_t> x;
  Global<const float> unscale;
  int64_t n_rows;
  int64_t stride;
};

// Copies columns [column, column + kPromptColumns) of the block's features and rows, zeros beyond the last of
// either; waits for nothing. `tile` is [kPromptFeatures + kPromptRows, kColumnPieces].
template <class Format>
QWQ_DEVICE void copy_columns(const MatmulParams& p, const RoundedRows& x, int64_t first_feature,
                             int64_t first_row, int64_t column, Shared<uint32_t> tile) {
  const int piece = thread_index() % kColumnPieces;
  const bool inside = column + 8 * piece < p.cols;
  QWQ_UNROLL
  for (int i = 0; i < kPromptFeatures; i += kPromptMatmulThreads / kColumnPieces) {
    const int f = i + thread_index() / kColumnPieces;
    const bool valid = inside && first_feature + f < p.features;
    const Global<const uint8_t> from =
        valid ? p.weights + (first_feature + f) * p.row_bytes + (column + 8 * piece) * 2 : p.weights;
    copy_16_async(tile + 4 * piece_at<kColumnPieces>(f, piece), from, valid ? 16 : 0);
  }
  QWQ_UNROLL
  for (int i = 0; i < kPromptRows; i += kPromptMatmulThreads / kColumnPieces) {
    const int r = i + thread_index() / kColumnPieces;
    const bool valid = first_row + r < x.n_rows;
    const Global<const uint32_t> from =
        valid ? x.x + ((first_row + r) * x.stride + column + 8 * piece) / 2 : x.x;
    copy_16_async(tile + 4 * piece_at<kColumnPieces>(kPromptFeatures + r, piece), from, valid ? 16 : 0);
  }
  commit_copies();
}

// Row and feature of element c of a thread's sums of tiles i and n, in those of the block of threads.
QWQ_DEVICE int row_of_sum(int n, int c) { return 8 * n + lane_index() % 4 * 2 + c % 2; }
QWQ_DEVICE int feature_of_sum(int i, int c) {
  return 32 * warp_index() + 16 * i + lane_index() / 4 + 8 * (c / 2);
}

template <class Format>
QWQ_KERNEL void QWQ_THREADS(kPromptMatmulThreads, 2)
    multiply_prompt_floats(MatmulParams p, RoundedRows x, SliceSums slice) {
  constexpr bool kSliced = std::is_same_v<Format, Dequantized>;
  constexpr int kRowTiles = kPromptRows / 8;
  constexpr int kTileWords = (kPromptFeatures + kPromptRows) * kColumnPieces * 4;
  QWQ_SHARED(uint32_t, tiles, 2 * kTileWords);
  wait_for_earlier_launches();
  // Blocks of the same features begin one after the other: all but the first find the weights in the L2
  // cache.
  const int64_t first_feature = int64_t{block_y()} * kPromptFeatures;
  const int64_t first_row = int64_t{block_x()} * kPromptRows;
  const int64_t rows = x.n_rows - first_row;
  const int lane = lane_index();
  const int first_of_warp = 32 * warp_index();  // feature
  float acc[2][kRowTiles][4] = {};

  copy_columns<Format>(p, x, first_feature, first_row, 0, tiles);
  if constexpr (kSliced) {
    if (!slice.first) {
      QWQ_UNROLL
      for (int n = 0; n < kRowTiles; ++n) {
        QWQ_UNROLL
        for (int c = 0; c < 4; ++c) {
          const int row = row_of_sum(n, c);
          if (row >= rows) continue;
          QWQ_UNROLL
          for (int i = 0; i < 2; ++i) {
            const int64_t feature = first_feature + feature_of_sum(i, c);
            if (feature < p.features) acc[i][n][c] = p.out[(first_row + row) * p.out_stride + feature];
          }
        }
      }
    }
  }
  QWQ_NO_UNROLL
  for (int64_t column = 0; column < p.cols; column += kPromptColumns) {
    const int turn = static_cast<int>(column / kPromptColumns % 2);
    if (column + kPromptColumns < p.cols) {
      copy_columns<Format>(p, x, first_feature, first_row, column + kPromptColumns,
                           tiles + (1 - turn) * kTileWords);
      wait_for_copies<1>();
      sync_block();
    } else {
      wait_for_copies<0>();
      sync_block();
    }
    const Shared<uint32_t> tile = tiles + turn * kTileWords;
    QWQ_UNROLL
    for (int step = 0; step < kColumnPieces / 2; ++step) {
      uint32_t a[2][4];
      QWQ_UNROLL
      for (int i = 0; i < 2; ++i) {
        load_matrices(a[i], tile + 4 * piece_at<kColumnPieces>(first_of_warp + 16 * i + lane % 16,
                                                               2 * step + lane / 16));
      }
      QWQ_UNROLL
      for (int n = 0; n < kRowTiles; n += 2) {
        if (8 * n >= rows) break;
        uint32_t b[4];
        load_matrices(b,
                      tile + 4 * piece_at<kColumnPieces>(kPromptFeatures + 8 * n + lane % 8 + lane / 16 * 8,
                                                         2 * step + lane / 8 % 2));
        QWQ_UNROLL
        for (int j = 0; j < 2; ++j) {
          const uint32_t words[2] = {b[2 * j], b[2 * j + 1]};
          QWQ_UNROLL
          for (int i = 0; i < 2; ++i) {
            if constexpr (Format::kDType == DType::kF16) {
              multiply_halves(acc[i][n + j], a[i], words);
            } else {
              multiply_bfloat16(acc[i][n + j], a[i], words);
            }
          }
        }
      }
    }
    sync_block();
  }

  QWQ_UNROLL
  for (int n = 0; n < kRowTiles; ++n) {
    QWQ_UNROLL
    for (int c = 0; c < 4; ++c) {
      const int row = row_of_sum(n, c);
      if (row >= rows) continue;
      const float unscale = x.unscale[first_row + row];
      QWQ_UNROLL
      for (int i = 0; i < 2; ++i) {
        const int64_t feature = first_feature + feature_of_sum(i, c);
        if (feature >= p.features) continue;
        float sum = acc[i][n][c];
        if constexpr (kSliced) {
          if (!slice.last) {
            p.out[(first_row + row) * p.out_stride + feature] = sum;
            continue;
          }
          sum *= slice.unscale[feature];
        }
        const float bias = p.bias == nullptr ? 0.0f : static_cast<float>(p.bias[feature]);
        p.out[(first_row + row) * p.out_stride + feature] = sum * unscale + bias;
      }
    }
  }
}

}  // namespace qwq::cuda
