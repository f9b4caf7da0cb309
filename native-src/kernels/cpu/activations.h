// Activations of the decode recipe for quantised weights: int8 with a scale for each 32 elements.
#pragma once

#include "kernels/cpu/matmul_tiles.h"

namespace qwq::cpu {

// 256 elements: eight blocks of 32, x ~ scale[b] * q. Elements beyond the end of a row are zero, their scales
// too.
struct ActivationGroup {
  int8_t q[256];
  float scale[8];
  // Sums of q over 16 elements; half h of block b at 8 (b / 4) + 4 h + b % 4, the order in which the x86
  // kernels' horizontal sums come out.
  int16_t sums[16];
};

inline constexpr int kGroupElements = 256;

// Smaller than anything a model computes with; keeps 127 / largest finite.
inline constexpr float kZeroActivation = 1e-30f;

// q = round(x * (127 / largest)), ties to even; scale = largest / 127. No operation here depends on the
// instruction set: the bits are the same for every variant. The error of an element is at most scale / 2 (1 +
// 2^-15).
template <class V>
void quantize_block(const float* x, int block, ActivationGroup* group) {
  using F = typename V::F;
  F largest = V::zero();
  for (int i = 0; i < 32; i += V::kLanes) {
    const F v = V::load(x + i);
    largest = V::max(largest, V::max(v, V::sub(V::zero(), v)));
  }
  float magnitude = V::reduce_max(largest);
  if (magnitude < kZeroActivation) magnitude = 0.0f;
  const F inverse = V::set1(magnitude > 0.0f ? 127.0f / magnitude : 0.0f);
  float levels[32];
  for (int i = 0; i < 32; i += V::kLanes) V::store(levels + i, V::round(V::mul(V::load(x + i), inverse)));
  for (int half = 0; half < 2; ++half) {
    int32_t sum = 0;
    for (int i = 16 * half; i < 16 * half + 16; ++i) {
      const int32_t q = static_cast<int32_t>(levels[i]);
      group->q[32 * block + i] = static_cast<int8_t>(q);
      sum += q;
    }
    group->sums[8 * (block / 4) + 4 * half + block % 4] = static_cast<int16_t>(sum);
  }
  group->scale[block] = magnitude / 127.0f;
}

template <class V>
void quantize_group(const float* x, int64_t n, ActivationGroup* group) {
  if (n < kGroupElements) __builtin_memset(group, 0, sizeof(*group));
  for (int block = 0; 32 * block < n && block < 8; ++block) quantize_block<V>(x + 32 * block, block, group);
}

inline int64_t activation_groups(int64_t cols) { return ceil_div(cols, kGroupElements); }

inline size_t activation_bytes(int64_t rows, int64_t cols) {
  return static_cast<size_t>(rows * activation_groups(cols)) * sizeof(ActivationGroup);
}

// All rows of x into the start of scratch: [n_rows, groups].
template <class V>
const ActivationGroup* quantize_activations(OpContext& ctx, const MatmulArgs& args) {
  ActivationGroup* groups = reinterpret_cast<ActivationGroup*>(ctx.scratch);
  const int64_t n_groups = activation_groups(args.cols);
  constexpr int64_t kGroupsPerTask = 32;
  ctx.pool->parallel_for(ceil_div(args.n_rows * n_groups, kGroupsPerTask), [&](int64_t task, int) {
    const int64_t end = smaller((task + 1) * kGroupsPerTask, args.n_rows * n_groups);
    for (int64_t g = task * kGroupsPerTask; g < end; ++g) {
      const int64_t column = g % n_groups * kGroupElements;
      quantize_group<V>(args.x + g / n_groups * args.cols + column, args.cols - column, groups + g);
    }
  });
  return groups;
}

}  // namespace qwq::cpu
