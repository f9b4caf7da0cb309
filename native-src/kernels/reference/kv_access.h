// The cache element by element, for the oracle and its tests.
#pragma once

#include <algorithm>
#include <cmath>

#include "formats/bytes.h"
#include "runtime/kv_cache.h"

namespace qwq::reference {

// Where an element of a token lies in its group, and its scale, each counted in values of its kind.
struct KvIndex {
  size_t element;
  size_t scale;
};

inline KvIndex k_index(int64_t position, int i) {
  const size_t lane = static_cast<size_t>(position % kKvGroup);
  return {static_cast<size_t>(i) * kKvGroup + lane, static_cast<size_t>(i / kKvScaleRun) * kKvGroup + lane};
}
inline KvIndex v_index(const KvLayer& kv, int64_t position, int i) {
  const size_t token = static_cast<size_t>(position % kKvGroup);
  const size_t head_dim = static_cast<size_t>(kv.head_dim);
  return {token * head_dim + static_cast<size_t>(i),
          token * (head_dim / kKvScaleRun) + static_cast<size_t>(i / kKvScaleRun)};
}

inline size_t scale_offset(const KvLayer& kv, size_t scale) {
  return static_cast<size_t>(kKvGroup) * static_cast<size_t>(kv.head_dim) + 2 * scale;
}

inline float read_element(const KvLayer& kv, const std::byte* group, KvIndex at) {
  switch (kv.type) {
    case KvType::kF16:
      return f16_to_f32(load<uint16_t>(group + 2 * at.element));
    case KvType::kF32:
      return load<float>(group + 4 * at.element);
    case KvType::kQ8_0:
      break;
  }
  return f16_to_f32(load<uint16_t>(group + scale_offset(kv, at.scale))) *
         static_cast<float>(load<int8_t>(group + at.element));
}

// Up to kKvScaleRun elements that share a scale, the first at index_of(first).
template <typename IndexOf>
void write_run(const KvLayer& kv, std::byte* group, const float* x, int first, int n, IndexOf&& index_of) {
  float inverse = 0;
  if (kv.type == KvType::kQ8_0) {
    float largest = 0;
    bool finite = true;
    for (int i = first; i < first + n; ++i) {
      largest = std::max(largest, std::fabs(x[i]));
      finite = finite && std::isfinite(x[i]);
    }
    // What is no number stays none: a scale of NaN.
    const uint16_t scale = finite ? f32_to_f16(largest / 127.0f) : 0x7e00;
    store(group + scale_offset(kv, index_of(first).scale), scale);
    if (finite && f16_to_f32(scale) > 0) inverse = 1.0f / f16_to_f32(scale);
  }
  for (int i = first; i < first + n; ++i) {
    const size_t element = index_of(i).element;
    if (kv.type == KvType::kF16) store(group + 2 * element, f32_to_f16(x[i]));
    if (kv.type == KvType::kF32) store(group + 4 * element, x[i]);
    if (kv.type == KvType::kQ8_0) {
      const float level = inverse > 0 ? std::nearbyint(x[i] * inverse) : 0.0f;
      store(group + element, static_cast<int8_t>(std::clamp(level, -127.0f, 127.0f)));
    }
  }
}

// dst[head_dim] = K or V of a token, decoded.
inline void read_k(const KvLayer& kv, const int32_t* block_table, int64_t position, int head, float* dst) {
  const std::byte* group = kv.k_group(block_table, position, head);
  for (int i = 0; i < kv.head_dim; ++i) dst[i] = read_element(kv, group, k_index(position, i));
}
inline void read_v(const KvLayer& kv, const int32_t* block_table, int64_t position, int head, float* dst) {
  const std::byte* group = kv.v_group(block_table, position, head);
  for (int i = 0; i < kv.head_dim; ++i) dst[i] = read_element(kv, group, v_index(kv, position, i));
}

// Rounds k[head_dim] or v[head_dim] to the cache's type and keeps it as that of a token.
inline void write_k(const KvLayer& kv, const int32_t* block_table, int64_t position, int head,
                    const float* k) {
  std::byte* group = kv.k_group(block_table, position, head);
  for (int i = 0; i < kv.head_dim; i += kKvScaleRun) {
    write_run(kv, group, k, i, std::min(kKvScaleRun, kv.head_dim - i),
              [&](int e) { return k_index(position, e); });
  }
}
inline void write_v(const KvLayer& kv, const int32_t* block_table, int64_t position, int head,
                    const float* v) {
  std::byte* group = kv.v_group(block_table, position, head);
  for (int i = 0; i < kv.head_dim; i += kKvScaleRun) {
    write_run(kv, group, v, i, std::min(kKvScaleRun, kv.head_dim - i),
              [&](int e) { return v_index(kv, position, e); });
  }
}

}  // namespace qwq::reference
