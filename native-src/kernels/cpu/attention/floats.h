// Attention to one tile of a cache of floats, or of levels and scales, in f32. Its bits are those of the CUDA
// kernels.
//
// Queries are multiplied with the scale first; the products are those of float_product.h. For head_dim d,
// scores carry (d + 1) * 2^-24 * sum |q k| * scale, which p turns into a relative error; the sums over n
// positions add about (kSplitTokens + 2 n / kSplitTokens) * 2^-24.
#pragma once

#include "kernels/cpu/attention/float_product.h"
#include "kernels/cpu/attention/tile.h"

namespace qwq::cpu {

// Memory of a worker besides its states.
struct TileBuffers {
  float* q;       // [queries, head_dim], scaled
  float* scores;  // [queries, kTileTokens]
  float* k;       // see WidenedTile
  float* v;
  float* scales;  // [kTileTokens, head_dim / kKvScaleRun] of V in a q8_0 cache
};

QWQ_INLINE size_t tile_buffer_floats(const AttentionShape& shape) {
  const int64_t head = kv_padded_head(shape.head_dim);
  return static_cast<size_t>(shape.most_queries * (head + kTileTokens) + 2 * kTileTokens * head +
                             kTileTokens * head / kKvScaleRun);
}

QWQ_INLINE TileBuffers tile_buffers_at(float* memory, int64_t queries, int head_dim) {
  const int64_t head = kv_padded_head(head_dim);
  TileBuffers b;
  b.k = memory;
  b.v = b.k + kTileTokens * head;
  b.scales = b.v + kTileTokens * head;
  b.scores = b.scales + kTileTokens * head / kKvScaleRun;
  b.q = b.scores + queries * kTileTokens;
  return b;
}

// Widens a group with n tokens; the rest of K is not looked at later, that of V not even read. v_out is that
// of the first token in its tile.
template <class V>
void widen_f16_group(const std::byte* k, const std::byte* v, int n, int head_dim, float*, float* k_out,
                     float* v_out) {
  const uint16_t* keys = reinterpret_cast<const uint16_t*>(k);
  const uint16_t* values = reinterpret_cast<const uint16_t*>(v);
  for (int i = 0; i < head_dim * kKvGroup; i += V::kLanes) V::store(k_out + i, V::load_f16(keys + i));
  for (int t = 0; t < n; ++t) {
    for (int d = 0; d < kv_padded_head(head_dim); d += V::kLanes) {
      const int rest = head_dim - d;
      float* out = v_out + (d / kKvPanel * kTileTokens + t) * kKvPanel + d % kKvPanel;
      if (rest >= V::kLanes) {
        V::store(out, V::load_f16(values + d));
      } else {
        V::store(out, rest > 0 ? V::load_f16_partial(values + d, rest) : V::zero());
      }
    }
    values += head_dim;
  }
}

// scales[tokens of a group, head_dim / kKvScaleRun] of a q8_0 group of V.
template <class V>
QWQ_INLINE void widen_value_scales(const std::byte* values, int head_dim, float* scales) {
  const uint16_t* halves = reinterpret_cast<const uint16_t*>(values + kKvGroup * head_dim);
  const int n = kKvGroup * (head_dim / kKvScaleRun);
  for (int i = 0; i < n; i += V::kLanes) V::store(scales + i, V::load_f16(halves + i));
}

// scale * level is exact in f32. head_dim is a multiple of kKvScaleRun.
template <class V>
void widen_q8_0_group(const std::byte* k, const std::byte* v, int n, int head_dim, float* scales,
                      float* k_out, float* v_out) {
  static_assert(kKvScaleRun == kKvHeadPadding);
  const int8_t* keys = reinterpret_cast<const int8_t*>(k);
  const int8_t* values = reinterpret_cast<const int8_t*>(v);
  const uint16_t* key_scales = reinterpret_cast<const uint16_t*>(keys + kKvGroup * head_dim);
  const int runs = head_dim / kKvScaleRun;
  for (int run = 0; run < runs; ++run) {
    for (int lane = 0; lane < kKvGroup; lane += V::kLanes) {
      const auto scale = V::load_f16(key_scales + run * kKvGroup + lane);
      for (int i = run * kKvScaleRun; i < (run + 1) * kKvScaleRun; ++i) {
        const int at = i * kKvGroup + lane;
        V::store(k_out + at, V::mul(V::load_int8(keys + at), scale));
      }
    }
  }
  widen_value_scales<V>(v, head_dim, scales);
  for (int t = 0; t < n; ++t) {
    for (int d = 0; d < head_dim; d += V::kLanes) {
      const auto scale = V::set1(scales[t * runs + d / kKvScaleRun]);
      V::store(v_out + (d / kKvPanel * kTileTokens + t) * kKvPanel + d % kKvPanel,
               V::mul(V::load_int8(values + t * head_dim + d), scale));
    }
  }
}

// The tile in the worker's buffers instead.
template <class V>
Tile widen_tile(const KvLayer& kv, const Tile& cached, const TileBuffers& buffers) {
  const auto widen_group = kv.type == KvType::kQ8_0 ? &widen_q8_0_group<V> : &widen_f16_group<V>;
  Tile tile;
  tile.scales = nullptr;
  tile.n_tokens = cached.n_tokens;
  for (int g = 0; g < kTileGroups; ++g) {
    float* k = buffers.k + g * kKvGroup * kv.head_dim;
    const int n = static_cast<int>(smaller(kKvGroup, cached.n_tokens - g * kKvGroup));
    if (n > 0) {
      widen_group(cached.keys[g], cached.values[g], n, kv.head_dim, buffers.scales, k,
                  buffers.v + g * kKvGroup * kKvPanel);
    }
    tile.keys[g] = reinterpret_cast<const std::byte*>(k);
  }
  tile.values[0] = reinterpret_cast<const std::byte*>(buffers.v);
  return tile;
}

// A q8_0 tile in the cache, the scales of its values widened and those of the tile after it fetched.
template <class V>
QWQ_INLINE void add_scales(Tile& tile, const Tile& ahead, int head_dim, const TileBuffers& buffers) {
  const int bytes = kKvGroup * (head_dim / kKvScaleRun) * 2;
  for (int g = 0; g < kTileGroups; ++g) {
    widen_value_scales<V>(tile.values[g], head_dim, buffers.scales + g * kKvGroup * (head_dim / kKvScaleRun));
    for (int at = 0; at < bytes; at += 64) {
      prefetch(ahead.keys[g] + kKvGroup * head_dim + at);
      prefetch(ahead.values[g] + kKvGroup * head_dim + at);
    }
  }
  tile.scales = buffers.scales;
}

template <class V, class E>
struct ScoreStrips {
  const float* q;
  const std::byte* const* keys;
  const std::byte* const* ahead;
  int head_dim;
  float* scores;

  template <int Q>
  QWQ_INLINE void run(int first) const {
    score_strip<V, E, Q, V::kAttentionGroups>(q + first * head_dim, keys, ahead, head_dim,
                                              scores + first * kTileTokens);
  }
};

template <class V, class E>
struct WeighStrips {
  const float* p;
  const std::byte* const* values;
  const std::byte* const* ahead;
  int head_dim;
  int panel;
  const float* scales;
  int n_tokens;
  float* out;

  template <int Q>
  QWQ_INLINE void run(int first) const {
    weigh_strip<V, E, Q, V::kAttentionGroups>(p + first * kTileTokens, values, ahead, head_dim, panel, scales,
                                              n_tokens, out + first * kv_padded_head(head_dim));
  }
};

// Adds the first n tokens of a tile, with `ahead` the one that comes next, to the state of some queries, each
// q[head_dim], already scaled. Keys of a strip stay in the first-level cache while all queries pass by.
template <class V, class E>
void add_tile(const float* q, int queries, const Tile& tile, const Tile& ahead, int n, int head_dim,
              float* scores, const SoftmaxState& state) {
  for (int g = 0; g * kKvGroup < n; g += V::kAttentionGroups) {
    for_strips<V::kAttentionQueries>(
        queries, ScoreStrips<V, E>{q, tile.keys + g, ahead.keys + g, head_dim, scores + g * kKvGroup});
  }
  for (int j = 0; j < queries; ++j) softmax_row<V>(scores + j * kTileTokens, n, state, j, head_dim);
  for (int panel = 0; panel * kKvPanel < kv_padded_head(head_dim); panel += V::kAttentionGroups) {
    for_strips<V::kAttentionQueries>(queries, WeighStrips<V, E>{scores, tile.values, ahead.values, head_dim,
                                                                panel, tile.scales, n, state.values});
  }
}

template <class V>
class FloatProducts {
 public:
  FloatProducts(float* memory, const AttentionArgs& args, const AttentionShape& shape)
      : args_(args), shape_(shape), buffers_(tile_buffers_at(memory, shape.most_queries, shape.head_dim)) {}

  void load_queries(const QueryBlock& block) const {
    float* out = buffers_.q;
    const int64_t floats = int64_t{shape_.group} * shape_.head_dim;
    for (int head = block.head; head < block.last_head; ++head) {
      for (int64_t r = block.first; r < block.last; ++r) {
        const float* q = args_.q + r * args_.q_stride + head * floats;
        for (int64_t i = 0; i < floats; ++i) *out++ = q[i] * args_.scale;
      }
    }
  }

  // Adds the tile from position `begin` on to the state of a head's queries.
  void add_tile(const QueryBlock& block, int head, int64_t begin, const Tile& tile, const Tile& ahead,
                const SoftmaxState& state) const {
    const float* q = buffers_.q + (head - block.head) * block.n_rows() * shape_.group * shape_.head_dim;
    if constexpr (V::kReadsInPlace) {
      // Widening a tile for one row alone would cost more than the row.
      if (block.n_rows() == 1 && shape_.head_dim % kKvHeadPadding == 0) {
        return add_in_cache(q, tile, ahead, state);
      }
    }
    add_widened(block, begin, q, widen_tile<V>(args_.kv, tile, buffers_), state);
  }

 private:
  void add_in_cache(const float* q, Tile tile, const Tile& ahead, const SoftmaxState& state) const {
    if (args_.kv.type == KvType::kQ8_0) {
      add_scales<V>(tile, ahead, shape_.head_dim, buffers_);
      cpu::add_tile<V, Q8Tile<V>>(q, shape_.group, tile, ahead, tile.n_tokens, shape_.head_dim,
                                  buffers_.scores, state);
    } else {
      cpu::add_tile<V, F16Tile<V>>(q, shape_.group, tile, ahead, tile.n_tokens, shape_.head_dim,
                                   buffers_.scores, state);
    }
  }

  // Rows that see the whole tile go together, those on the causal diagonal one by one: what a row does not
  // see must not touch it, be it infinite.
  void add_widened(const QueryBlock& block, int64_t begin, const float* q, const Tile& tile,
                   const SoftmaxState& state) const {
    const auto n_seen = [&](int64_t row) { return args_.rows[row].position + 1 - begin; };
    const auto add = [&](int64_t row, int64_t n_rows, int64_t n) {
      const int64_t query = (row - block.first) * shape_.group;
      cpu::add_tile<V, WidenedTile<V>>(q + query * shape_.head_dim, static_cast<int>(n_rows) * shape_.group,
                                       tile, tile, static_cast<int>(n), shape_.head_dim, buffers_.scores,
                                       from_query(state, query, shape_.head_dim));
    };
    int64_t row = block.first;
    for (; row < block.last && n_seen(row) < tile.n_tokens; ++row) {
      if (n_seen(row) > 0) add(row, 1, n_seen(row));
    }
    if (row < block.last) add(row, block.last - row, tile.n_tokens);
  }

  const AttentionArgs& args_;
  const AttentionShape& shape_;
  const TileBuffers buffers_;
};

}  // namespace qwq::cpu
