// The int8 recipe for few rows of activations: weights stream by once, in registers.
//
// Eight threads share a row of weights, thread b computes lane b of the recipe (kernels/cpu/int8/recipe.h):
// block b of every group, groups ascending. So the additions of an element come in the order of the recipe,
// and its bits are those of the cpu backend. The blocks of the next groups are on their way meanwhile: a
// matrix of 5,120 rows is ten warps or so to a multiprocessor, and these alone must keep its memory busy.
#pragma once

#include "kernels/cuda/activations.cuh"

namespace qwq::cuda {

inline constexpr int kFewThreads = 128;
inline constexpr int kFewFeatures = kFewThreads / kBlocksOfGroup;  // of a block of threads

struct MatmulParams {
  Global<const uint8_t>
      weights;  // [features] rows of row_bytes, aligned to 16 bytes, readable to the next 16
  int64_t row_bytes;
  int64_t features;
  int64_t cols;
  Global<const float> bias;  // [features] or null
  Global<float> out;         // [n_rows, features], row stride out_stride
  int64_t out_stride;
};

// Sum of level * q over a block, or s[0] * first half + s[1] * second half.
template <class Format>
QWQ_DEVICE int32_t dot_block(const WeightBlock& w, Global<const uint32_t> q) {
  uint32_t x[8];
  QWQ_UNROLL
  for (int i = 0; i < 8; i += 4) {
    const Words4 four = read<Words4>(q + i);
    QWQ_UNROLL
    for (int j = 0; j < 4; ++j) x[i + j] = four.w[j];
  }
  int32_t first = 0;
  int32_t last = 0;
  QWQ_UNROLL
  for (int i = 0; i < 4; ++i) {
    first = dot4(w.q[i], x[i], first);
    last = dot4(w.q[i + 4], x[i + 4], last);
  }
  if constexpr (DeviceFormat<Format>::kHalves) return w.s[0] * first + w.s[1] * last;
  return first + last;
}

// Adds block `at` of a row of activations to its lane.
template <class Format>
QWQ_DEVICE float add_block(const WeightBlock& w, const Activations& x, int at, float lane) {
  const float scale = x.scale[at];
  lane = fma(static_cast<float>(dot_block<Format>(w, x.q + at * 8)), w.d * scale, lane);
  if constexpr (DeviceFormat<Format>::kMinimum) {
    const uint32_t sums = x.half_sums[at];
    if constexpr (DeviceFormat<Format>::kHalves) {
      lane = fma(w.m[0], scale * static_cast<float>(low_half(sums)), lane);
      lane = fma(w.m[1], scale * static_cast<float>(high_half(sums)), lane);
    } else {
      lane = fma(w.m[0], scale * static_cast<float>(low_half(sums) + high_half(sums)), lane);
    }
  }
  return lane;
}

// Groups that are fetched ahead: as many as registers allow for.
template <class Format, int kRows>
inline constexpr int kAhead = sizeof(typename DeviceFormat<Format>::Packed) <= 48 && kRows == 1 ? 4 : 2;

// Blocks of threads that a multiprocessor ought to hold. Without such a bound ptxas aims at more of them and
// spills.
template <int kRows>
inline constexpr int kFewBlocks = kRows > 4                    ? 2
                                  : kRows > 2 || kFewRegisters ? 3
                                                               : 4;

// Adds up what the eight threads of a row of weights have, and writes it for the rows of activations.
template <int kRows>
QWQ_DEVICE void store_few(const MatmulParams& p, int64_t n_rows, int64_t feature, int b,
                          const float (&lane)[kRows]) {
  QWQ_UNROLL
  for (int r = 0; r < kRows; ++r) {
    // ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)) in every thread.
    float sum = lane[r];
    sum += shuffle_xor(kAllLanes, sum, 4);
    sum += shuffle_xor(kAllLanes, sum, 2);
    sum += shuffle_xor(kAllLanes, sum, 1);
    if (feature < p.features && r < n_rows && b == r) {
      const float bias = p.bias == nullptr ? 0.0f : static_cast<float>(p.bias[feature]);
      p.out[r * p.out_stride + feature] = sum + bias;
    }
  }
}

// At most kRows rows of activations. Rows beyond the last repeat it, as do features.
template <class Format, int kRows>
QWQ_KERNEL void QWQ_THREADS(kFewThreads, kFewBlocks<kRows>) multiply_few_rows(MatmulParams p, Activations x) {
  using Traits = DeviceFormat<Format>;
  constexpr int kSteps = kAhead<Format, kRows>;
  static_assert(kRows <= kBlocksOfGroup);
  const int b = thread_index() % kBlocksOfGroup;
  const int64_t feature = int64_t{block_x()} * kFewFeatures + thread_index() / kBlocksOfGroup;
  const bool inside = feature < p.features;
  const Global<const uint8_t> weights = p.weights + (inside ? feature : p.features - 1) * p.row_bytes;
  // Of this thread: the last group may lack its block.
  const int groups_of_row = static_cast<int>(x.groups);
  int groups = groups_of_row;
  if constexpr (Format::kBlockElements < kGroupElements) {
    if ((groups - 1) * kGroupElements + b * Format::kBlockElements >= p.cols) --groups;
  }
  float lane[kRows] = {};
  if (groups <= 0) {
    wait_for_earlier_launches();
  } else {
    // No load depends on a condition: ptxas would fetch into other registers, and wait for them at once in
    // order to copy. What lies beyond the last group is that one again.
    const auto group = [&](int g) { return weights + (g < groups ? g : groups - 1) * kGroupBytes<Format>; };
    typename Traits::Packed ahead[kSteps];
    QWQ_UNROLL
    for (int i = 0; i < kSteps; ++i) Traits::fetch(group(i), b, &ahead[i]);
    wait_for_earlier_launches();  // weights are there before
    const auto add = [&](int g, const WeightBlock& w) {
      QWQ_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const int row = r < x.n_rows ? r : static_cast<int>(x.n_rows) - 1;
        lane[r] = add_block<Format>(w, x, (row * groups_of_row + g) * kBlocksOfGroup + b, lane[r]);
      }
    };
    int first = 0;
    for (; first + kSteps <= groups; first += kSteps) {
      QWQ_UNROLL
      for (int i = 0; i < kSteps; ++i) {
        WeightBlock w;
        Traits::unpack(ahead[i], b, &w);
        Traits::fetch(group(first + i + kSteps), b, &ahead[i]);
        add(first + i, w);
      }
    }
    QWQ_UNROLL
    for (int i = 0; i < kSteps - 1; ++i) {
      if (first + i >= groups) break;
      WeightBlock w;
      Traits::unpack(ahead[i], b, &w);
      add(first + i, w);
    }
  }
  store_few<kRows>(p, x.n_rows, feature, b, lane);
}

}  // namespace qwq::cuda
