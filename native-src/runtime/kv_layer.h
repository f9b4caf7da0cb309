#pragma once

#include <cstddef>
#include <cstdint>

namespace qwq {

// How K and V are kept.
enum class KvType {
  kF16,
  kF32,   // by the reference, where others keep 16 bits, so that its results are those of the formulas
  kQ8_0,  // int8 with f16 scales
  kI16,   // int16 with an f32 scale, in pairs: for products of integers
  kI8,    // the values of kQ8_0, in pairs
};

// Elements of a token's K, or V, that share a scale in a cache of int8; divides head_dim.
inline constexpr int kKvScaleRun = 32;

// As qwq_memory.kv_layout names it.
constexpr const char* kv_layout_name(KvType type) {
  switch (type) {
    case KvType::kF16:
      return "f16";
    case KvType::kF32:
      return "f32";
    case KvType::kQ8_0:
      return "q8_0";
    case KvType::kI16:
      return "i16";
    case KvType::kI8:
      return "i8";
  }
  return "";
}

constexpr bool has_levels_of_8_bits(KvType type) { return type == KvType::kQ8_0 || type == KvType::kI8; }

// Tokens whose K are interleaved; a block is a whole number of such groups.
inline constexpr int kKvGroup = 16;

// Tokens, or elements of a head, that lie side by side in kI16 and kI8.
inline constexpr int kKvPair = 2;
// Columns of V that lie together there, and what head_dim is padded to in kI16.
inline constexpr int kKvPanel = 16;
inline constexpr int kKvHeadPadding = 32;

constexpr int kv_padded_head(int head_dim) {
  return (head_dim + kKvHeadPadding - 1) / kKvHeadPadding * kKvHeadPadding;
}

// Bytes of a token's K, or V, of one head.
constexpr size_t kv_head_bytes(KvType type, int head_dim) {
  const size_t n = static_cast<size_t>(head_dim);
  switch (type) {
    case KvType::kF16:
      return 2 * n;
    case KvType::kF32:
      return 4 * n;
    case KvType::kQ8_0:
    case KvType::kI8:
      return n + n / kKvScaleRun * 2;
    case KvType::kI16:
      return 2 * static_cast<size_t>(kv_padded_head(head_dim)) + 4;
  }
  return 0;
}

// The cache of one layer: blocks of [2 (K, V), n_kv_heads, block_size / kKvGroup] groups. A group holds one
// head of kKvGroup consecutive tokens:
//
//   K  [head_dim, kKvGroup]   element i of all tokens side by side: a vector register holds many keys, and
//   their
//                             scores are summed without moving anything between lanes
//   V  [kKvGroup, head_dim]   a token after the other
//
// q8_0: levels, int8, in this order, and then their scales, f16; x = scale * level.
//
//   K  scales [head_dim / 32, kKvGroup]
//   V  scales [kKvGroup, head_dim / 32]
//
// i16 and i8: instructions that multiply integers add up products of neighbours, so what a sum runs over lies
// in pairs: elements of a head in K, tokens in V. Then the scales, of all tokens side by side.
//
//   K  [head_dim / 2, kKvGroup, 2]
//   V  [padded head / 16, kKvGroup / 2, 16, 2]   elements from head_dim on: zero
//   K  scales [kKvGroup], f32;  i8: [head_dim / 32, kKvGroup], f16
//   V  scales the same
//
// i8 has the levels and scales of q8_0. i16: x = scale * level, with
//
//   K  scale = norm of the head / 32767, so that by Cauchy and Schwarz the sum of products with a query of
//      such levels, and every part of it, stays below 2^31; the norm is the root of squares added in 16
//      lanes, element i to lane i mod 16, and of the lanes added pairwise (8 apart, 4, 2, 1), in f32
//   V  scale = largest / 32767
//
// where a norm, or a largest element, up to 2^-50 counts as zero. What is no number makes the scale of its
// head (i8: of its 32 elements) NaN.
struct KvLayer {
  std::byte* base;     // block 0 of the layer
  size_t block_bytes;  // from one block to the next
  int n_kv_heads;
  int head_dim;
  int block_size;  // tokens a block holds, a power of two, at least kKvGroup
  KvType type = KvType::kF16;

  // Of one head of kKvGroup tokens, K or V.
  size_t group_bytes() const { return kKvGroup * kv_head_bytes(type, head_dim); }
  // The groups that hold `position` of the sequence with this block table.
  std::byte* k_group(const int32_t* block_table, int64_t position, int head) const {
    return group(block_table, position, head);
  }
  std::byte* v_group(const int32_t* block_table, int64_t position, int head) const {
    return group(block_table, position, n_kv_heads + head);
  }

 private:
  std::byte* group(const int32_t* block_table, int64_t position, int plane) const {
    const int64_t block = position >> __builtin_ctz(static_cast<unsigned>(block_size));
    const size_t groups_before = static_cast<size_t>(plane) * static_cast<size_t>(block_size / kKvGroup) +
                                 static_cast<size_t>(position & (block_size - 1)) / kKvGroup;
    return base + static_cast<size_t>(block_table[block]) * block_bytes + groups_before * group_bytes();
  }
};

}  // namespace qwq
