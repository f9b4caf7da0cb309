#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/kv_levels.h"
#include "kernels/cpu/matmul_tiles.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

// Round to nearest, ties to even.
template <class V>
QWQ_INLINE void narrow_to_f16(const float* src, uint16_t* dst, int n) {
  int i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) V::store_f16(dst + i, V::load(src + i));
  if (i < n) V::store_f16_partial(dst + i, V::load_partial(src + i, n - i), n - i);
}

// K of one token into its lane of a group.
template <class V>
QWQ_INLINE void scatter_to_f16(const float* src, uint16_t* dst, int n) {
  for (int i = 0; i < n; i += V::kLanes) {
    const int count = n - i < V::kLanes ? n - i : V::kLanes;
    uint16_t halves[V::kLanes];
    V::store_f16(halves, count == V::kLanes ? V::load(src + i) : V::load_partial(src + i, count));
    for (int j = 0; j < count; ++j) dst[(i + j) * kKvGroup] = halves[j];
  }
}

// kKvScaleRun elements as levels and a scale: scale = f16(largest / 127), level = round(x / scale), ties to
// even. An error is at most half the scale, plus 127 * 2^-25 where the scale is subnormal. What is no number
// makes the scale NaN. No operation depends on the instruction set.
template <class V>
uint16_t quantize_run(const float* x, int8_t* levels) {
  uint16_t scale = 0x7e00;
  float inverse = 0.0f;
  const float most = largest<V>(x, kKvScaleRun);
  if (most - most == 0.0f) {
    scale = f32_to_f16(most / 127.0f);
    if (scale != 0) inverse = 1.0f / f16_to_f32(scale);
  }
  float rounded[kKvScaleRun] = {};
  for (int i = 0; inverse > 0.0f && i < kKvScaleRun; i += V::kLanes) {
    const auto level = V::round(V::mul(V::load(x + i), V::set1(inverse)));
    V::store(rounded + i, V::min(V::max(level, V::set1(-127.0f)), V::set1(127.0f)));
  }
  for (int i = 0; i < kKvScaleRun; ++i) levels[i] = static_cast<int8_t>(rounded[i]);
  return scale;
}

template <class V>
void store_f16(const KvLayer& kv, const float* k, const float* v, int lane, std::byte* k_group,
               std::byte* v_group) {
  scatter_to_f16<V>(k, reinterpret_cast<uint16_t*>(k_group) + lane, kv.head_dim);
  narrow_to_f16<V>(v, reinterpret_cast<uint16_t*>(v_group) + lane * kv.head_dim, kv.head_dim);
}

template <class V>
void store_q8_0(const KvLayer& kv, const float* k, const float* v, int lane, std::byte* k_group,
                std::byte* v_group) {
  const int runs = kv.head_dim / kKvScaleRun;
  int8_t* k_levels = reinterpret_cast<int8_t*>(k_group);
  int8_t* v_levels = reinterpret_cast<int8_t*>(v_group);
  uint16_t* k_scales = reinterpret_cast<uint16_t*>(k_levels + kKvGroup * kv.head_dim);
  uint16_t* v_scales = reinterpret_cast<uint16_t*>(v_levels + kKvGroup * kv.head_dim);
  for (int run = 0; run < runs; ++run) {
    int8_t levels[kKvScaleRun];
    k_scales[run * kKvGroup + lane] = quantize_run<V>(k + run * kKvScaleRun, levels);
    for (int i = 0; i < kKvScaleRun; ++i) k_levels[(run * kKvScaleRun + i) * kKvGroup + lane] = levels[i];
    v_scales[lane * runs + run] =
        quantize_run<V>(v + run * kKvScaleRun, v_levels + lane * kv.head_dim + run * kKvScaleRun);
  }
}

// Elements of K, and of V, of a token into their places among pairs.
template <typename T>
QWQ_INLINE void scatter_key_pairs(const T* levels, int first, int n, int lane, T* group) {
  for (int i = 0; i < n; ++i) {
    group[((first + i) / kKvPair * kKvGroup + lane) * kKvPair + (first + i) % kKvPair] = levels[i];
  }
}
template <typename T>
QWQ_INLINE void scatter_value_pairs(const T* levels, int first, int n, int lane, T* group) {
  T* token = group + lane / kKvPair * kKvPanel * kKvPair + lane % kKvPair;
  for (int i = 0; i < n; ++i) {
    token[(first + i) / kKvPanel * kKvGroup * kKvPanel + (first + i) % kKvPanel * kKvPair] = levels[i];
  }
}

template <class V>
void store_i16(const KvLayer& kv, const float* k, const float* v, int lane, std::byte* k_group,
               std::byte* v_group) {
  constexpr int kRun = 64;  // elements at once
  int16_t levels[kRun];
  const int padded = kv_padded_head(kv.head_dim);
  float* scales[] = {reinterpret_cast<float*>(k_group) + kKvGroup * padded / 2 + lane,
                     reinterpret_cast<float*>(v_group) + kKvGroup * padded / 2 + lane};
  const float k_norm = norm<V>(k, kv.head_dim);
  const float v_largest = largest<V>(v, kv.head_dim);
  for (int i = 0; i < kv.head_dim; i += kRun) {
    const int n = kv.head_dim - i < kRun ? kv.head_dim - i : kRun;
    *scales[0] = quantize<V>(k + i, n, k_norm, levels);
    scatter_key_pairs(levels, i, n, lane, reinterpret_cast<int16_t*>(k_group));
    *scales[1] = quantize<V>(v + i, n, v_largest, levels);
    scatter_value_pairs(levels, i, n, lane, reinterpret_cast<int16_t*>(v_group));
  }
  for (int i = 0; i < kRun; ++i) levels[i] = 0;
  scatter_value_pairs(levels, kv.head_dim, padded - kv.head_dim, lane, reinterpret_cast<int16_t*>(v_group));
}

template <class V>
void store_i8(const KvLayer& kv, const float* k, const float* v, int lane, std::byte* k_group,
              std::byte* v_group) {
  uint16_t* k_scales = reinterpret_cast<uint16_t*>(k_group + kKvGroup * kv.head_dim) + lane;
  uint16_t* v_scales = reinterpret_cast<uint16_t*>(v_group + kKvGroup * kv.head_dim) + lane;
  for (int i = 0; i < kv.head_dim; i += kKvScaleRun) {
    int8_t levels[kKvScaleRun];
    k_scales[i / kKvScaleRun * kKvGroup] = quantize_run<V>(k + i, levels);
    scatter_key_pairs(levels, i, kKvScaleRun, lane, reinterpret_cast<int8_t*>(k_group));
    v_scales[i / kKvScaleRun * kKvGroup] = quantize_run<V>(v + i, levels);
    scatter_value_pairs(levels, i, kKvScaleRun, lane, reinterpret_cast<int8_t*>(v_group));
  }
}

using StoreHead = void (*)(const KvLayer&, const float* k, const float* v, int lane, std::byte* k_group,
                           std::byte* v_group);

template <class V>
QWQ_INLINE StoreHead store_of(KvType type) {
  switch (type) {
    case KvType::kQ8_0:
      return &store_q8_0<V>;
    case KvType::kI16:
      return &store_i16<V>;
    case KvType::kI8:
      return &store_i8<V>;
    default:
      return &store_f16<V>;
  }
}

template <class V>
void store_kv(OpContext& ctx, const StoreKvArgs& args) {
  const KvLayer& kv = args.kv;
  // Tokens of a group share cache lines of K: most go to one worker.
  const int64_t row_tasks = ceil_div(args.n_rows, kKvGroup);
  const StoreHead store_head = store_of<V>(kv.type);
  ctx.pool->parallel_for(row_tasks * kv.n_kv_heads, [&](int64_t task, int) {
    if (ctx.cancelled()) return;
    const int head = static_cast<int>(task % kv.n_kv_heads);
    const int64_t offset = int64_t{head} * kv.head_dim;
    const int64_t begin = task / kv.n_kv_heads * kKvGroup;
    for (int64_t r = begin; r < smaller(begin + kKvGroup, args.n_rows); ++r) {
      const AttentionRow& row = args.rows[r];
      store_head(kv, args.k + r * args.k_stride + offset, args.v + r * args.v_stride + offset,
                 row.position % kKvGroup, kv.k_group(row.block_table, row.position, head),
                 kv.v_group(row.block_table, row.position, head));
    }
  });
}

}  // namespace qwq::cpu
