// The cache element by element, for the oracle and its tests.
#pragma once

#include <algorithm>
#include <cmath>

#include "formats/bytes.h"
#include "runtime/kv_layer.h"

namespace qwq::reference {

// Where an element of a token lies in its group, and its scale, each counted in values of its kind.
struct KvIndex {
  size_t element;
  size_t scale;
};

inline bool in_pairs(const KvLayer& kv) { return kv.type == KvType::kI16 || kv.type == KvType::kI8; }

// Elements that share a scale.
inline int scale_run(const KvLayer& kv) { return kv.type == KvType::kI16 ? kv.head_dim : kKvScaleRun; }

inline KvIndex k_index(const KvLayer& kv, int64_t position, int i) {
  const size_t lane = static_cast<size_t>(position % kKvGroup);
  const size_t at = static_cast<size_t>(i);
  const size_t scale = static_cast<size_t>(i / scale_run(kv)) * kKvGroup + lane;
  if (!in_pairs(kv)) return {at * kKvGroup + lane, scale};
  return {(at / kKvPair * kKvGroup + lane) * kKvPair + at % kKvPair, scale};
}

inline KvIndex v_index(const KvLayer& kv, int64_t position, int i) {
  const size_t token = static_cast<size_t>(position % kKvGroup);
  const size_t at = static_cast<size_t>(i);
  const size_t head_dim = static_cast<size_t>(kv.head_dim);
  if (!in_pairs(kv)) return {token * head_dim + at, token * (head_dim / kKvScaleRun) + at / kKvScaleRun};
  const size_t pair = at / kKvPanel * (kKvGroup / kKvPair) + token / kKvPair;
  return {(pair * kKvPanel + at % kKvPanel) * kKvPair + token % kKvPair,
          static_cast<size_t>(i / scale_run(kv)) * kKvGroup + token};
}

// Bytes from the beginning of a group to a scale.
inline size_t scale_offset(const KvLayer& kv, size_t scale) {
  if (kv.type == KvType::kI16) {
    return kKvGroup * 2 * static_cast<size_t>(kv_padded_head(kv.head_dim)) + 4 * scale;
  }
  return static_cast<size_t>(kKvGroup) * static_cast<size_t>(kv.head_dim) + 2 * scale;
}

inline float read_element(const KvLayer& kv, const std::byte* group, KvIndex at) {
  switch (kv.type) {
    case KvType::kF16:
      return f16_to_f32(load<uint16_t>(group + 2 * at.element));
    case KvType::kF32:
      return load<float>(group + 4 * at.element);
    case KvType::kI16:
      return load<float>(group + scale_offset(kv, at.scale)) *
             static_cast<float>(load<int16_t>(group + 2 * at.element));
    case KvType::kQ8_0:
    case KvType::kI8:
      break;
  }
  return f16_to_f32(load<uint16_t>(group + scale_offset(kv, at.scale))) *
         static_cast<float>(load<int8_t>(group + at.element));
}

// What is no number stays none: a scale of NaN.
inline float scale_of_levels(const KvLayer& kv, const float* x, int n, bool key) {
  float largest = 0;
  for (int i = 0; i < n; ++i) {
    if (!std::isfinite(x[i])) return NAN;
    largest = std::max(largest, std::fabs(x[i]));
  }
  if (kv.type != KvType::kI16) return f16_to_f32(f32_to_f16(largest / 127.0f));
  float measure = largest;
  if (key) {
    // The norm: squares in 16 lanes, ascending, then added pairwise.
    float lanes[kKvGroup] = {};
    for (int i = 0; i < n; ++i) lanes[i % kKvGroup] += x[i] * x[i];
    for (int width = kKvGroup / 2; width > 0; width /= 2) {
      for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
    }
    measure = std::sqrt(lanes[0]);
    if (!std::isfinite(measure)) return NAN;
  }
  return measure > 0x1p-50f ? measure / 32767.0f : 0.0f;
}

// Up to scale_run elements that share a scale, the first at index_of(first).
template <typename IndexOf>
void write_run(const KvLayer& kv, std::byte* group, const float* x, int first, int n, bool key,
               IndexOf&& index_of) {
  if (kv.type == KvType::kF16 || kv.type == KvType::kF32) {
    for (int i = first; i < first + n; ++i) {
      const size_t element = index_of(i).element;
      if (kv.type == KvType::kF16) store(group + 2 * element, f32_to_f16(x[i]));
      if (kv.type == KvType::kF32) store(group + 4 * element, x[i]);
    }
    return;
  }
  const float scale = scale_of_levels(kv, x + first, n, key);
  const float most = kv.type == KvType::kI16 ? 32767.0f : 127.0f;
  std::byte* scale_at = group + scale_offset(kv, index_of(first).scale);
  if (kv.type == KvType::kI16) {
    store(scale_at, scale);
  } else {
    store(scale_at, std::isnan(scale) ? uint16_t{0x7e00} : f32_to_f16(scale));
  }
  for (int i = first; i < first + n; ++i) {
    const float level = scale > 0 ? std::clamp(std::nearbyint(x[i] * (1.0f / scale)), -most, most) : 0.0f;
    const size_t element = index_of(i).element;
    if (kv.type == KvType::kI16) {
      store(group + 2 * element, static_cast<int16_t>(level));
    } else {
      store(group + element, static_cast<int8_t>(level));
    }
  }
}

// dst[head_dim] = K or V of a token, decoded.
inline void read_k(const KvLayer& kv, const int32_t* block_table, int64_t position, int head, float* dst) {
  const std::byte* group = kv.k_group(block_table, position, head);
  for (int i = 0; i < kv.head_dim; ++i) dst[i] = read_element(kv, group, k_index(kv, position, i));
}
inline void read_v(const KvLayer& kv, const int32_t* block_table, int64_t position, int head, float* dst) {
  const std::byte* group = kv.v_group(block_table, position, head);
  for (int i = 0; i < kv.head_dim; ++i) dst[i] = read_element(kv, group, v_index(kv, position, i));
}

// Rounds k[head_dim] or v[head_dim] to the cache's type and keeps it as that of a token.
inline void write_k(const KvLayer& kv, const int32_t* block_table, int64_t position, int head,
                    const float* k) {
  std::byte* group = kv.k_group(block_table, position, head);
  for (int i = 0; i < kv.head_dim; i += scale_run(kv)) {
    write_run(kv, group, k, i, std::min(scale_run(kv), kv.head_dim - i), true,
              [&](int e) { return k_index(kv, position, e); });
  }
}
inline void write_v(const KvLayer& kv, const int32_t* block_table, int64_t position, int head,
                    const float* v) {
  std::byte* group = kv.v_group(block_table, position, head);
  for (int i = 0; i < kv.head_dim; i += scale_run(kv)) {
    write_run(kv, group, v, i, std::min(scale_run(kv), kv.head_dim - i), false,
              [&](int e) { return v_index(kv, position, e); });
  }
  if (kv.type != KvType::kI16) return;
  for (int i = kv.head_dim; i < kv_padded_head(kv.head_dim); ++i) {
    store(group + 2 * v_index(kv, position, i).element, int16_t{0});
  }
}

}  // namespace qwq::reference
