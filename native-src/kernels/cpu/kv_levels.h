// Vectors as integers and a scale, as the KV cache keeps them (runtime/kv_layer.h) and as integer attention
// takes queries. The same bits on every instruction set.
#pragma once

#include <cmath>
#include <cstdint>

#include "formats/half.h"
#include "runtime/kv_layer.h"

namespace qwq::cpu {

// Largest level of 16 bits.
inline constexpr float kLargestLevel = 32767.0f;
// Norms, and largest elements, up to this count as zero: of smaller ones, elements that a level still tells
// apart have squares that f32 does not hold in full.
inline constexpr float kNoNorm = 0x1p-50f;

// The sum of kKvGroup lanes, which are used up: l and l + 8, then l and l + 4, l and l + 2, the last two.
template <class V>
QWQ_INLINE float reduce_lanes(typename V::F (&lanes)[kKvGroup / V::kLanes]) {
#pragma GCC unroll 4
  for (int width = kKvGroup / V::kLanes / 2; width > 0; width /= 2) {
#pragma GCC unroll 4
    for (int l = 0; l < width; ++l) lanes[l] = V::add(lanes[l], lanes[l + width]);
  }
  return V::reduce_add(lanes[0]);
}

template <class V>
QWQ_INLINE typename V::F load_up_to(const float* p, int n) {
  if (n >= V::kLanes) return V::load(p);
  return V::load_partial(p, n > 0 ? n : 0);
}

// Euclidean norm of x[n]: squares in kKvGroup lanes, element i in lane i mod kKvGroup, ascending; added and
// multiplied one by one, then the lanes pairwise.
template <class V>
QWQ_INLINE float norm(const float* x, int n) {
  using F = typename V::F;
  constexpr int kVectors = kKvGroup / V::kLanes;
  F sums[kVectors];
#pragma GCC unroll 4
  for (int l = 0; l < kVectors; ++l) sums[l] = V::zero();
  for (int i = 0; i < n; i += kKvGroup) {
#pragma GCC unroll 4
    for (int l = 0; l < kVectors; ++l) {
      const F v = load_up_to<V>(x + i + l * V::kLanes, n - i - l * V::kLanes);
      sums[l] = V::add(sums[l], V::mul(v, v));
    }
  }
  return __builtin_sqrtf(reduce_lanes<V>(sums));
}

// The largest |x[i]|; NaN where one is no number.
template <class V>
QWQ_INLINE float largest(const float* x, int n) {
  using F = typename V::F;
  F most = V::zero();
  F not_finite = V::zero();  // x - x is zero for numbers, else NaN
  for (int i = 0; i < n; i += V::kLanes) {
    const F v = load_up_to<V>(x + i, n - i);
    most = V::max(most, V::max(v, V::sub(V::zero(), v)));
    not_finite = V::add(not_finite, V::sub(v, v));
  }
  return V::reduce_max(most) + V::reduce_add(not_finite);
}

// levels[n], the nearest to x * (1 / scale), ties to even, and their scale: measure / kLargestLevel, where
// measure is norm(x) or largest(x). What is no number makes the scale NaN, and levels zero.
template <class V>
QWQ_INLINE float quantize(const float* x, int n, float measure, int16_t* levels) {
  float scale = 0.0f;
  if (measure > kNoNorm) scale = measure / kLargestLevel;
  if (!(measure - measure == 0.0f)) scale = __builtin_nanf("");
  if (!(scale > 0.0f)) {
    for (int i = 0; i < n; ++i) levels[i] = 0;
    return scale;
  }
  const auto inverse = V::set1(1.0f / scale);
  int i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) V::store_int16(levels + i, V::mul(V::load(x + i), inverse));
  if (i < n) {
    int16_t rest[V::kLanes];
    V::store_int16(rest, V::mul(V::load_partial(x + i, n - i), inverse));
    for (int j = 0; i + j < n; ++j) levels[i + j] = rest[j];
  }
  return scale;
}

}  // namespace qwq::cpu
