// Activations of the int8 recipe: int8 with a scale for each 32 elements.
#pragma once

#include "kernels/cpu/int8/recipe.h"
#include "kernels/cpu/matmul_tiles.h"

namespace qwq::cpu {

// 256 elements: eight blocks of 32, x ~ scale[b] * q. Elements beyond the end of a row are zero, their scales
// too.
struct alignas(64) ActivationGroup {
  int8_t q[256];
  // The same in other orders, for vectors that meet levels as they lie in a format:
  int8_t paired[256];  // first 16 of blocks 0 and 1, last 16 of both; 2 and 3; ...
  int8_t quads[256];   // first 16 of blocks 0 to 3, last 16 of them; 4 to 7
  int8_t evens[256];   // blocks 0, 2, 1, 3, 4, 6, 5, 7
  // Fours of first halves of blocks 0 to 3, of their last halves, of blocks 4 to 7; then the next fours; ...
  int8_t fours[256];
  float scale[8];
  float scaled_sum[8];                  // scale times the sum of q over the block
  alignas(64) int32_t half_sums[2][8];  // of q over the first and over the last 16 elements of each block
  float scaled_half_sums[2][8];         // scale times those
  int32_t sums[8];                      // of q over the block
  // An odd number of lines of the cache: the parts of many groups that meet one format then spread over all
  // sets of L1. Without it they shared half of them.
  std::byte padding[64];
};

static_assert(sizeof(ActivationGroup) / 64 % 2 == 1);

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
  int32_t block_sum = 0;
  for (int half = 0; half < 2; ++half) {
    int32_t sum = 0;
    for (int i = 16 * half; i < 16 * half + 16; ++i) {
      const int32_t q = static_cast<int32_t>(levels[i]);
      group->q[32 * block + i] = static_cast<int8_t>(q);
      sum += q;
    }
    const int8_t* sixteen = group->q + 32 * block + 16 * half;
    __builtin_memcpy(group->paired + 64 * (block / 2) + 32 * half + 16 * (block % 2), sixteen, 16);
    __builtin_memcpy(group->quads + 128 * (block / 4) + 64 * half + 16 * (block % 4), sixteen, 16);
    const int place = block / 4 * 4 + block % 2 * 2 + block % 4 / 2;
    __builtin_memcpy(group->evens + 32 * place + 16 * half, sixteen, 16);
    for (int four = 0; four < 4; ++four) {
      const int lane = 32 * (block / 4) + 16 * half + 4 * (block % 4);
      __builtin_memcpy(group->fours + 64 * four + lane, sixteen + 4 * four, 4);
    }
    group->half_sums[half][block] = sum;
    block_sum += sum;
  }
  group->scale[block] = magnitude / 127.0f;
  for (int half = 0; half < 2; ++half) {
    group->scaled_half_sums[half][block] =
        group->scale[block] * static_cast<float>(group->half_sums[half][block]);
  }
  group->sums[block] = block_sum;
  group->scaled_sum[block] = group->scale[block] * static_cast<float>(block_sum);
}

template <class V>
void quantize_group(const float* x, int64_t n, ActivationGroup* group) {
  if (n < kGroupElements) __builtin_memset(group, 0, sizeof(*group));
  for (int block = 0; 32 * block < n && block < 8; ++block) quantize_block<V>(x + 32 * block, block, group);
}

inline int64_t activation_groups(int64_t cols) { return ceil_div(cols, kGroupElements); }

}  // namespace qwq::cpu
