// The cache element by element, for the oracle and its tests.
#pragma once

#include "formats/half.h"
#include "runtime/kv_cache.h"

namespace qwq::reference {

// Where element i of a token lies in its group, counted in elements.
inline size_t k_index(int64_t position, int i) {
  return static_cast<size_t>(i) * kKvGroup + static_cast<size_t>(position % kKvGroup);
}
inline size_t v_index(const KvLayer& kv, int64_t position, int i) {
  return static_cast<size_t>(position % kKvGroup) * static_cast<size_t>(kv.head_dim) + static_cast<size_t>(i);
}

inline float read_element(const KvLayer& kv, const std::byte* group, size_t index) {
  if (kv.type == KvType::kF16) return f16_to_f32(reinterpret_cast<const uint16_t*>(group)[index]);
  return reinterpret_cast<const float*>(group)[index];
}
inline void write_element(const KvLayer& kv, std::byte* group, size_t index, float value) {
  if (kv.type == KvType::kF16) {
    reinterpret_cast<uint16_t*>(group)[index] = f32_to_f16(value);
  } else {
    reinterpret_cast<float*>(group)[index] = value;
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
  for (int i = 0; i < kv.head_dim; ++i) write_element(kv, group, k_index(position, i), k[i]);
}
inline void write_v(const KvLayer& kv, const int32_t* block_table, int64_t position, int head,
                    const float* v) {
  std::byte* group = kv.v_group(block_table, position, head);
  for (int i = 0; i < kv.head_dim; ++i) write_element(kv, group, v_index(kv, position, i), v[i]);
}

}  // namespace qwq::reference
