#pragma once

#include "kernels/cuda/activations.cuh"

namespace qwq::cuda {

// Smaller than anything a model computes with; keeps 127 / largest finite.
inline constexpr float kZeroActivation = 1e-30f;

inline constexpr int kQuantizeThreads = 256;

// Eight threads a block of 32, four elements each. x is aligned to 16 bytes, cols a multiple of 32.
QWQ_KERNEL void QWQ_THREADS(kQuantizeThreads)
    quantize_activations(Global<const float> x, int64_t n_rows, int64_t cols, int64_t groups,
                         Global<uint32_t> q, Global<float> scale, Global<uint32_t> half_sums) {
  wait_for_earlier_launches();
  const int64_t index =
      int64_t{block_x()} * (kQuantizeThreads / 8) + thread_index() / 8;  // of the block of 32
  const int part = thread_index() % 8;
  const int64_t row = index / (groups * kBlocksOfGroup);
  const int64_t column = index % (groups * kBlocksOfGroup) * 32 + 4 * part;
  const bool inside = row < n_rows && column < cols;
  Float4 v = {};
  if (inside) v = read<Float4>(x + row * cols + column);

  float largest = 0.0f;
  QWQ_UNROLL
  for (int i = 0; i < 4; ++i) {
    const float magnitude = v.v[i] < 0.0f ? -v.v[i] : v.v[i];
    largest = magnitude > largest ? magnitude : largest;
  }
  QWQ_UNROLL
  for (int width = 4; width > 0; width /= 2) {
    const float other = shuffle_xor(kAllLanes, largest, width);
    largest = other > largest ? other : largest;
  }
  if (largest < kZeroActivation) largest = 0.0f;
  const float inverse = largest > 0.0f ? 127.0f / largest : 0.0f;
  uint32_t word = 0;
  int32_t sum = 0;
  QWQ_UNROLL
  for (int i = 0; i < 4; ++i) {
    const int32_t level = static_cast<int32_t>(round_even(v.v[i] * inverse));
    word |= (static_cast<uint32_t>(level) & 0xffu) << (8 * i);
    sum += level;
  }
  sum += shuffle_xor(kAllLanes, sum, 1);
  sum += shuffle_xor(kAllLanes, sum, 2);  // over the half of the block
  const int32_t other_half = shuffle_xor(kAllLanes, sum, 4);
  if (row >= n_rows) return;
  q[index * 8 + part] = word;
  if (part != 0) return;
  scale[index] = largest / 127.0f;
  half_sums[index] = (static_cast<uint32_t>(sum) & 0xffffu) | static_cast<uint32_t>(other_half) << 16;
}

}  // namespace qwq::cuda
