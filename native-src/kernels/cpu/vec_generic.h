#pragma once

#include <bit>
#include <cstddef>

#include "formats/half.h"

namespace qwq::cpu {

// A vector of f32 and the operations kernels are written with: here four lanes in the compiler's own vector
// type, which every processor has. The other variants have the same members.
//
// Loads take any alignment. Partial ones (0 <= n <= kLanes) give zeros in the lanes they do not read; partial
// stores leave memory beyond n alone.
struct Generic {
  static constexpr const char* kName = "generic";
  static constexpr int kLanes = 4;
  // Register tile of prompts that fits 16 registers: rows of x by weight rows.
  static constexpr int kTileRows = 4;
  static constexpr int kTileFeatures = 3;
  // Decoding: rows of x that share a weight row of floats, or weight rows that share one of x; and weight
  // rows that share activations in int8. One here: where computing is the limit, reading less gains nothing.
  static constexpr int kDecodeTile = 2;
  static constexpr int kDecodeStreams = 1;
  // Register tiles of attention: queries by groups of kKvGroup keys, which are read in the cache or widened
  // first.
  static constexpr int kAttentionQueries = 2;
  static constexpr int kAttentionGroups = 1;
  static constexpr bool kReadsInPlace = false;
  // Queries of a register tile where attention multiplies integers.
  static constexpr int kPairQueries = 2;

  using F = float __attribute__((vector_size(16)));
  using I = int32_t __attribute__((vector_size(16)));

  QWQ_INLINE static F zero() { return F{}; }
  QWQ_INLINE static F set1(float v) { return F{v, v, v, v}; }
  QWQ_INLINE static F load(const void* p) { return load_partial(p, kLanes); }
  QWQ_INLINE static F load_partial(const void* p, int n) {
    F v{};
    __builtin_memcpy(&v, p, static_cast<size_t>(n) * sizeof(float));
    return v;
  }
  QWQ_INLINE static void store(float* p, F v) { __builtin_memcpy(p, &v, sizeof(v)); }
  QWQ_INLINE static void store_partial(float* p, F v, int n) {
    for (int i = 0; i < n; ++i) p[i] = v[i];
  }

  QWQ_INLINE static F add(F a, F b) { return a + b; }
  QWQ_INLINE static F sub(F a, F b) { return a - b; }
  QWQ_INLINE static F mul(F a, F b) { return a * b; }
  QWQ_INLINE static F div(F a, F b) { return a / b; }
  QWQ_INLINE static F min(F a, F b) { return a < b ? a : b; }
  QWQ_INLINE static F max(F a, F b) { return a > b ? a : b; }
  // a * b + c; fused where the instruction set has it.
  QWQ_INLINE static F fma(F a, F b, F c) { return a * b + c; }
  // Nearest integer, ties to even, for |v| < 2^22.
  QWQ_INLINE static F round(F v) { return (v + 12582912.0f) - 12582912.0f; }
  // 2^n for integral n in [-126, 127].
  QWQ_INLINE static F pow2(F n) { return std::bit_cast<F>((__builtin_convertvector(n, I) + 127) << 23); }
  // Both reductions pair lanes in a fixed order.
  QWQ_INLINE static float reduce_add(F v) { return (v[0] + v[2]) + (v[1] + v[3]); }
  QWQ_INLINE static float reduce_max(F v) {
    const float a = v[0] > v[2] ? v[0] : v[2];
    const float b = v[1] > v[3] ? v[1] : v[3];
    return a > b ? a : b;
  }

  QWQ_INLINE static F load_f16(const void* p) { return load_f16_partial(p, kLanes); }
  QWQ_INLINE static F load_f16_partial(const void* p, int n) {
    uint16_t halves[kLanes] = {};
    __builtin_memcpy(halves, p, static_cast<size_t>(n) * sizeof(uint16_t));
    return F{f16_to_f32(halves[0]), f16_to_f32(halves[1]), f16_to_f32(halves[2]), f16_to_f32(halves[3])};
  }
  QWQ_INLINE static F load_int8(const int8_t* p) {
    return F{static_cast<float>(p[0]), static_cast<float>(p[1]), static_cast<float>(p[2]),
             static_cast<float>(p[3])};
  }
  // Nearest integers, ties to even; what 16 bits do not hold becomes the nearest that they do, NaN anything.
  QWQ_INLINE static void store_int16(int16_t* p, F v) {
    const I nearest = __builtin_convertvector(round(min(max(v, set1(-32768.0f)), set1(32767.0f))), I);
    for (int i = 0; i < kLanes; ++i) p[i] = static_cast<int16_t>(nearest[i]);
  }

  // Pairs of 16-bit integers, one to a lane, and 32-bit sums of their products, which wrap around.
  using Pairs = I;
  using Sums = uint32_t __attribute__((vector_size(16)));
  QWQ_INLINE static Pairs load_pairs(const int16_t* p) {
    Pairs v;
    __builtin_memcpy(&v, p, sizeof(v));
    return v;
  }
  QWQ_INLINE static Pairs load_pairs(const int8_t* p) {
    int16_t wide[2 * kLanes];
    for (int i = 0; i < 2 * kLanes; ++i) wide[i] = p[i];
    return load_pairs(wide);
  }
  QWQ_INLINE static Pairs set1_pair(const int16_t* p) {
    int32_t pair;
    __builtin_memcpy(&pair, p, sizeof(pair));
    return Pairs{pair, pair, pair, pair};
  }
  QWQ_INLINE static Sums no_sums() { return Sums{}; }
  QWQ_INLINE static Sums add_products(Sums sums, Pairs a, Pairs b) {
    const I first = ((a << 16) >> 16) * ((b << 16) >> 16);
    const I second = (a >> 16) * (b >> 16);
    return sums + std::bit_cast<Sums>(first) + std::bit_cast<Sums>(second);
  }
  QWQ_INLINE static F to_floats(Sums sums) { return __builtin_convertvector(std::bit_cast<I>(sums), F); }

  QWQ_INLINE static F load_bf16(const void* p) { return load_bf16_partial(p, kLanes); }
  QWQ_INLINE static F load_bf16_partial(const void* p, int n) {
    uint16_t halves[kLanes] = {};
    __builtin_memcpy(halves, p, static_cast<size_t>(n) * sizeof(uint16_t));
    return F{bf16_to_f32(halves[0]), bf16_to_f32(halves[1]), bf16_to_f32(halves[2]), bf16_to_f32(halves[3])};
  }
  QWQ_INLINE static void store_f16(uint16_t* p, F v) { store_f16_partial(p, v, kLanes); }
  QWQ_INLINE static void store_f16_partial(uint16_t* p, F v, int n) {
    for (int i = 0; i < n; ++i) p[i] = f32_to_f16(v[i]);
  }
};

}  // namespace qwq::cpu
