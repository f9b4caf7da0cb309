// Writes K and V to their slots, with the roundings of kernels/cpu/store_kv.h, to the bit.
#include "kernels/cuda/kv_cache.cuh"

namespace qwq::cuda {

namespace {

constexpr int kThreads = 256;

struct Source {
  Global<const float> k;  // [n_rows, n_kv_heads, head_dim], row stride k_stride
  Global<const float> v;
  int64_t k_stride;
  int64_t v_stride;
  int64_t n_rows;
};

// A thread an element.
QWQ_KERNEL void QWQ_THREADS(kThreads) store_f16(Source source, RowParams rows, CacheParams<uint8_t> cache) {
  wait_for_earlier_launches();
  const int64_t index = int64_t{block_x()} * kThreads + thread_index();
  const int width = cache.n_kv_heads * cache.head_dim;
  if (index >= source.n_rows * width) return;
  const int64_t row = index / width;
  const int at = static_cast<int>(index % width);
  const int head = at / cache.head_dim;
  const int i = at % cache.head_dim;
  const int64_t position = static_cast<int32_t>(rows.positions[row]);
  const int lane = static_cast<int>(position % kKvGroup);
  const Global<const int32_t> table = rows.tables + static_cast<int32_t>(rows.table_of[row]);
  const Global<uint8_t> k = cache.group(table, position, head);
  const Global<uint8_t> v = cache.group(table, position, cache.n_kv_heads + head);
  write(k + 2 * (i * kKvGroup + lane), float_to_half(source.k[row * source.k_stride + at]));
  write(v + 2 * (lane * cache.head_dim + i), float_to_half(source.v[row * source.v_stride + at]));
}

// The level of this lane's element of a run of 32, and the run's scale.
QWQ_DEVICE int32_t quantize_run(float x, uint16_t* scale) {
  float most = x < 0.0f ? -x : x;
  QWQ_UNROLL
  for (int width = kWarp / 2; width > 0; width /= 2) {
    const float other = shuffle_xor(kAllLanes, most, width);
    most = other > most ? other : most;
  }
  const bool finite = all(kAllLanes, x - x == 0.0f);
  *scale = finite ? float_to_half(most / 127.0f) : uint16_t{0x7e00};
  const float inverse = finite && *scale != 0 ? 1.0f / half_to_float(*scale) : 0.0f;
  float level = inverse > 0.0f ? round_even(x * inverse) : 0.0f;
  level = level > -127.0f ? level : -127.0f;
  level = level < 127.0f ? level : 127.0f;
  return static_cast<int32_t>(level);
}

// A warp a run of 32 elements of a head.
QWQ_KERNEL void QWQ_THREADS(kThreads) store_q8_0(Source source, RowParams rows, CacheParams<uint8_t> cache) {
  static_assert(kKvScaleRun == kWarp);
  wait_for_earlier_launches();
  const int64_t index = int64_t{block_x()} * (kThreads / kWarp) + warp_index();
  const int runs = cache.head_dim / kKvScaleRun;
  const int runs_of_row = cache.n_kv_heads * runs;
  if (index >= source.n_rows * runs_of_row) return;  // the whole warp
  const int64_t row = index / runs_of_row;
  const int head = static_cast<int>(index % runs_of_row) / runs;
  const int run = static_cast<int>(index % runs_of_row) % runs;
  const int i = run * kKvScaleRun + lane_index();
  const int at = head * cache.head_dim + i;
  const int64_t position = static_cast<int32_t>(rows.positions[row]);
  const int slot = static_cast<int>(position % kKvGroup);
  const Global<const int32_t> table = rows.tables + static_cast<int32_t>(rows.table_of[row]);
  const Global<uint8_t> k = cache.group(table, position, head);
  const Global<uint8_t> v = cache.group(table, position, cache.n_kv_heads + head);
  uint16_t k_scale;
  uint16_t v_scale;
  const int32_t k_level = quantize_run(source.k[row * source.k_stride + at], &k_scale);
  const int32_t v_level = quantize_run(source.v[row * source.v_stride + at], &v_scale);
  k[i * kKvGroup + slot] = static_cast<uint8_t>(k_level);
  v[slot * cache.head_dim + i] = static_cast<uint8_t>(v_level);
  if (lane_index() == 0) {
    const int levels = kKvGroup * cache.head_dim;
    write(k + levels + 2 * (run * kKvGroup + slot), k_scale);
    write(v + levels + 2 * (slot * runs + run), v_scale);
  }
}

}  // namespace

void store_kv(Stream& stream, const StoreKvArgs& args, const DeviceRows& rows) {
  const KvLayer& kv = args.kv;
  const size_t width = static_cast<size_t>(kv.n_kv_heads) * static_cast<size_t>(kv.head_dim);
  const auto extent = [&](int64_t stride) {
    return static_cast<size_t>(args.n_rows - 1) * static_cast<size_t>(stride) + width;
  };
  Launch launch(stream, "store_kv");
  const Source source = {launch.in("k", args.k, extent(args.k_stride)),
                         launch.in("v", args.v, extent(args.v_stride)), args.k_stride, args.v_stride,
                         args.n_rows};
  const RowParams row_params = rows_in(launch, rows);
  const CacheParams<uint8_t> cache(
      launch.update("cache", reinterpret_cast<uint8_t*>(kv.base), cache_bytes(kv, rows)), kv);
  if (kv.type == KvType::kQ8_0) {
    const int64_t runs = args.n_rows * static_cast<int64_t>(width) / kKvScaleRun;
    launch.run({.grid_x = ceil_div(runs, kThreads / kWarp), .threads = kThreads, .early = true}, store_q8_0,
               source, row_params, cache);
  } else {
    const int64_t elements = args.n_rows * static_cast<int64_t>(width);
    launch.run({.grid_x = ceil_div(elements, kThreads), .threads = kThreads, .early = true}, store_f16,
               source, row_params, cache);
  }
}

}  // namespace qwq::cuda
