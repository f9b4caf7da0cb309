// Quantised weights rounded to f16, for products of prompts (matmul_prompt_floats.cuh). Each row of weights
// is multiplied by a power of two that f16 can hold all of it: no element is beyond it, and those that matter
// are not too small for it. An element is
//
//   w        level * scale, or level * scale + minimum, fused: what the format says, to the bit
//   rounded  w by the power of two that brings the row's bound, 128 times the largest scale plus the largest
//            minimum, to [2^14, 2^15): off by 2^-11 relative or 2^-39 of the bound
//
// What is not finite stays so, and does not count for the bound.
#pragma once

#include "kernels/cuda/formats/visit_format.cuh"
#include "kernels/cuda/pieces.cuh"

namespace qwq::cuda {

inline constexpr int kDequantizeThreads = 256;
inline constexpr int kHalvesPieces = 4;  // of 16 bytes, of a block's 32 halves

QWQ_DEVICE float magnitude_of(float x) { return x < 0.0f ? -x : x; }

// Scale and minimum of a half of a block; exact.
template <class Format>
QWQ_DEVICE float scale_of(const WeightBlock& w, int half) {
  if constexpr (DeviceFormat<Format>::kHalves) return w.d * static_cast<float>(w.s[half]);
  return w.d;
}
template <class Format>
QWQ_DEVICE float minimum_of(const WeightBlock& w, int half) {
  if constexpr (!DeviceFormat<Format>::kMinimum) return 0.0f;
  return w.m[DeviceFormat<Format>::kHalves ? half : 0];
}

// A warp a row of weights: the inverse of its power of two.
template <class Format>
QWQ_KERNEL void QWQ_THREADS(kDequantizeThreads)
    scale_features(Global<const uint8_t> weights, int64_t row_bytes, int64_t features, int64_t cols,
                   Global<float> unscale) {
  const int64_t feature = int64_t{block_x()} * (kDequantizeThreads / kWarp) + warp_index();
  const Global<const uint8_t> row = weights + (feature < features ? feature : features - 1) * row_bytes;
  const int blocks = static_cast<int>(cols / 32);
  float largest = 0.0f;
  for (int j = lane_index(); j < blocks; j += kWarp) {
    WeightBlock w;
    load_block<Format>(row + j / kBlocksOfGroup * kGroupBytes<Format>, j % kBlocksOfGroup, &w);
    QWQ_UNROLL
    for (int half = 0; half < (DeviceFormat<Format>::kHalves ? 2 : 1); ++half) {
      const float bound =
          128.0f * magnitude_of(scale_of<Format>(w, half)) + magnitude_of(minimum_of<Format>(w, half));
      largest = bound > largest ? bound : largest;
    }
  }
  QWQ_UNROLL
  for (int width = kWarp / 2; width > 0; width /= 2) {
    const float other = shuffle_xor(kAllLanes, largest, width);
    largest = other > largest ? other : largest;
  }
  wait_for_earlier_launches();  // weights are there before
  if (lane_index() == 0 && feature < features) {
    unscale[feature] = power_of_two(254 - to_half_exponent(largest));
  }
}

// Where a slice lies in its matrix.
struct SliceOfWeights {
  Global<const uint8_t> weights;  // of the matrix
  int64_t row_bytes;
  Global<const float> unscale;  // [features] of the matrix
  int64_t first_feature;
  int first_block;  // of 32 columns
  int blocks;       // of a row
  int n_blocks;     // of all rows
};

// Byte i of a word of levels as a float.
QWQ_DEVICE float biased_level_of(uint32_t word, int i) {
  // 2^23 + 128 + level: a conversion would take a unit that is a quarter as fast.
  const uint32_t bits = permute_bytes(word ^ 0x80808080u, 0x4b000000u, 0x7440u | static_cast<uint32_t>(i));
  return bits_float(bits) - 8388736.0f;
}

// Elements 8 piece .. 8 piece + 7 of a block, times factor.
template <class Format>
QWQ_DEVICE Words4 halves_of(const WeightBlock& w, int piece, float factor) {
  const float scale = scale_of<Format>(w, piece / 2) * factor;
  const float minimum = minimum_of<Format>(w, piece / 2) * factor;
  Words4 halves;
  QWQ_UNROLL
  for (int i = 0; i < 4; ++i) {
    const uint32_t levels = w.q[2 * piece + i / 2];
    const float low = fma(biased_level_of(levels, i % 2 * 2), scale, minimum);
    const float high = fma(biased_level_of(levels, i % 2 * 2 + 1), scale, minimum);
    halves.w[i] = pack_halves(low, high);
  }
  return halves;
}

// A thread a block of 32, which is on its way while earlier launches end. Halves go through shared memory, so
// that a warp writes 512 bytes in a row at a time.
template <class Format>
QWQ_KERNEL void QWQ_THREADS(kDequantizeThreads)
    dequantize_weights(SliceOfWeights s, Global<uint32_t> halves) {
  QWQ_SHARED(uint32_t, staged, kDequantizeThreads * kHalvesPieces * 4);
  const Shared<uint32_t> own = staged + warp_index() * (kWarp * kHalvesPieces * 4);
  const int lane = lane_index();
  const int first = block_x() * kDequantizeThreads + warp_index() * kWarp;
  const int index = first + lane < s.n_blocks ? first + lane : s.n_blocks - 1;
  const int64_t feature = s.first_feature + index / s.blocks;
  const int j = s.first_block + index % s.blocks;
  WeightBlock w;
  load_block<Format>(s.weights + feature * s.row_bytes + int64_t{j / kBlocksOfGroup} * kGroupBytes<Format>,
                     j % kBlocksOfGroup, &w);
  wait_for_earlier_launches();
  const float factor = power_of_two(254 - static_cast<int>(float_bits(s.unscale[feature]) >> 23));
  QWQ_UNROLL
  for (int piece = 0; piece < kHalvesPieces; ++piece) {
    write(own + 4 * piece_at<kHalvesPieces>(lane, piece), halves_of<Format>(w, piece, factor));
  }
  sync_warp();
  QWQ_UNROLL
  for (int i = 0; i < kHalvesPieces; ++i) {
    const int piece = i * kWarp + lane;  // of the warp's
    const int block = piece / kHalvesPieces;
    if (first + block < s.n_blocks) {
      write(halves + (int64_t{first} * kHalvesPieces + piece) * 4,
            read<Words4>(own + 4 * piece_at<kHalvesPieces>(block, piece % kHalvesPieces)));
    }
  }
}

}  // namespace qwq::cuda
