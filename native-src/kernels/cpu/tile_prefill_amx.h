// The recipe of tile_prefill.h on AMX units. Weights are the first operand (16 features by 32 columns lie in
// a format as the units want them), rows of x the second, packed once for a call.
#pragma once

#include "kernels/cpu/int8/panel_amx.h"
#include "kernels/cpu/tile_prefill.h"

namespace qwq::cpu {

// All registers are whole.
enum Bf16Tile { kSums00, kSums01, kSums10, kSums11, kWeights0, kWeights1, kRows0, kRows1 };
QWQ_INLINE TileConfig bf16_tiles() {
  TileConfig config;
  for (int t = 0; t < 8; ++t) {
    config.row_bytes[t] = 64;
    config.rows[t] = 16;
  }
  return config;
}

template <class V>
struct AmxPrefill {
  static constexpr bool kUsable = true;
  using T = typename V::Tiles;
  using P = Int8Panel<V>;

  // Rounds all rows on the pool.
  static void pack(OpContext& ctx, const MatmulArgs& args, uint16_t* tiles) {
    const int64_t row_tiles = ceil_div(args.n_rows, kTileSide);
    ctx.pool->parallel_for(ceil_div(args.cols, kChunkColumns) * row_tiles, [&](int64_t task, int) {
      const int64_t row = task % row_tiles * kTileSide;
      uint16_t* out = tiles + task * kChunkTiles * kTileElements;
      for (int t = 0; t < kChunkTiles; ++t, out += kTileElements) {
        pack_tile(args, row, task / row_tiles * kChunkColumns + t * kTileColumns, out);
      }
    });
  }

  // The product of a tile of at most kMostTilePanels * 32 features and kTileTaskRows rows that begins at a
  // multiple of kTileTaskRows.
  template <class Format>
  static void multiply(const OpContext& ctx, const MatmulArgs& args, const MatmulTile& tile,
                       const TileRows& rows, TileScratch* scratch) {
    T::configure(bf16_tiles());
    multiply_all<Format>(ctx, args, tile, rows, scratch);
    T::release();
  }

 private:
  static void pack_tile(const MatmulArgs& args, int64_t row, int64_t column, uint16_t* out) {
    const int n = static_cast<int>(args.cols - column < kTileColumns ? args.cols - column : kTileColumns);
    if (n <= 0) {
      __builtin_memset(out, 0, kTileElements * sizeof(uint16_t));
      return;
    }
    alignas(64) uint16_t lines[kTileSide][kTileColumns] = {};
    for (int r = 0; r < kTileSide && row + r < args.n_rows; ++r) {
      const float* x = args.x + (row + r) * args.cols + column;
      const bool whole = n == kTileColumns;
      const __m512 low = whole || n >= 16 ? _mm512_loadu_ps(x) : V::load_partial(x, n);
      const __m512 high = whole    ? _mm512_loadu_ps(x + 16)
                          : n > 16 ? V::load_partial(x + 16, n - 16)
                                   : _mm512_setzero_ps();
      _mm512_store_si512(lines[r], T::to_bf16(low, high));
    }
    const __m512i row_offsets =
        _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                           _mm512_set1_epi32(kTileColumns / 2));
    for (int pair = 0; pair < kTileColumns / 2; ++pair) {
      _mm512_storeu_si512(out + pair * 2 * kTileSide,
                          _mm512_i32gather_epi32(row_offsets, lines[0] + 2 * pair, 4));
    }
  }

  template <class Format>
  static void multiply_all(const OpContext& ctx, const MatmulArgs& args, const MatmulTile& tile,
                           const TileRows& rows, TileScratch* scratch) {
    const int n_panels = static_cast<int>(ceil_div(tile.n_features, kTilePanelFeatures));
    const int n_row_tiles = static_cast<int>(ceil_div(tile.n_rows, kTileSide));
    const int64_t first_row_tile = tile.row / kTileSide;
    for (int64_t column = 0; column < args.cols; column += kChunkColumns) {
      if (ctx.cancelled()) return;
      const int n_tiles =
          static_cast<int>(smaller(ceil_div(args.cols - column, int64_t{kTileColumns}), kChunkTiles));
      const bool last = column + kChunkColumns >= args.cols;
      for (int p = 0; p < n_panels; ++p) {
        unpack_panel<Format>(tile, p * kTilePanelFeatures, column, scratch->weights);
        for (int m = 0; m < n_row_tiles; m += 2) {
          const uint16_t* x = rows.at(column / kChunkColumns, first_row_tile + m);
          if (m + 1 < n_row_tiles) {
            add_products<2>(scratch->weights, x, n_tiles, column == 0, scratch->sums[p][m]);
            if (last) write(tile, p, m + 1, scratch->sums[p][m + 1]);
          } else {
            add_products<1>(scratch->weights, x, n_tiles, column == 0, scratch->sums[p][m]);
          }
          if (last) write(tile, p, m, scratch->sums[p][m]);
        }
      }
    }
  }

  // 32 features from tile.feature + first on, zero beyond the last.
  template <class Format>
  static void unpack_panel(const MatmulTile& tile, int first, int64_t column,
                           uint16_t (&weights)[2][kChunkTiles][kTileElements]) {
    const Tensor& weight = *tile.job->weight;
    for (int f = 0; f < kTilePanelFeatures; ++f) {
      uint16_t* out = weights[f / kTileSide][0] + f % kTileSide * kTileColumns;
      if (first + f >= tile.n_features) {
        for (int t = 0; t < kChunkTiles; ++t)
          _mm512_store_si512(out + t * kTileElements, _mm512_setzero_si512());
        continue;
      }
      const int64_t feature = tile.feature + first + f;
      if constexpr (kIsPlain<Format>) {
        const std::byte* later = weight.row(feature + kRowsAhead) + 2 * column;
        for (int i = 0; i < 2 * kChunkColumns; i += 64) __builtin_prefetch(later + i);
        copy_row(weight.row(feature), weight.cols, column, out);
      } else {
        unpack_row<Format>(weight, feature, column, out);
      }
    }
  }

  static void copy_row(const std::byte* row, int64_t cols, int64_t column, uint16_t* out) {
    for (int t = 0; t < kChunkTiles; ++t, column += kTileColumns, out += kTileElements) {
      const int64_t n = cols - column;
      const __mmask32 some = n >= kTileColumns ? ~__mmask32{0} : n <= 0 ? 0 : (__mmask32{1} << n) - 1;
      _mm512_store_si512(out, _mm512_maskz_loadu_epi16(some, row + 2 * column));
    }
  }

  template <class Format>
  static void unpack_row(const Tensor& weight, int64_t feature, int64_t column, uint16_t* out) {
    constexpr int kBytes = kGroupBytes<Format>;
    const std::byte* row = weight.row(feature) + column / Format::kBlockElements * Format::kBlockBytes;
    const std::byte* later =
        weight.row(feature + kRowsAhead) + column / Format::kBlockElements * Format::kBlockBytes;
    int64_t rest = (weight.cols - column) / Format::kBlockElements * Format::kBlockBytes;
    for (int g = 0; g < kChunkColumns / kGroupElements && rest > 0; ++g, rest -= kBytes) {
      for (int i = 0; i < kBytes; i += 64) __builtin_prefetch(later + g * kBytes + i);
      // Unpacking is long code: one copy of it, for whole groups and the padded last one.
      std::byte padded[kBytes];
      const std::byte* bytes = row + g * kBytes;
      if (rest < kBytes) {
        __builtin_memset(padded, 0, sizeof(padded));
        __builtin_memcpy(padded, bytes, static_cast<size_t>(rest));
        bytes = padded;
      }
      PanelGroup group;
      P::template unpack<Format>(bytes, &group);
#pragma GCC unroll 8
      for (int b = 0; b < 8; ++b) round_block<Format>(group, b, out + (8 * g + b) * kTileElements);
    }
  }

  // w = d level + m, fused, then to bf16.
  template <class Format>
  QWQ_INLINE static void round_block(const PanelGroup& group, int b, uint16_t* out) {
    using Traits = Int8Format<Format>;
    const __m256i levels = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(group.levels + 32 * b));
    __m512 w[2] = {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_castsi256_si128(levels))),
                   _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_extracti128_si256(levels, 1)))};
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      float d = group.d[b];
      if constexpr (Traits::kHalves) d *= static_cast<float>(group.s[half][b]);  // exact
      if constexpr (Traits::kMinimum) {
        const float m = group.m[Traits::kHalves ? half : 0][b];
        w[half] = _mm512_fmadd_ps(w[half], _mm512_set1_ps(d), _mm512_set1_ps(m));
      } else {
        w[half] = _mm512_mul_ps(w[half], _mm512_set1_ps(d));
      }
    }
    _mm512_store_si512(out, T::to_bf16(w[0], w[1]));
  }

  // Adds the products of n_tiles tiles of columns to the sums of 32 features and M tiles of rows.
  template <int M>
  static void add_products(const uint16_t (&weights)[2][kChunkTiles][kTileElements], const uint16_t* rows,
                           int n_tiles, bool first, float (&sums)[2][kTileSide][kTileSide]) {
    // Those of the second tile of rows lie behind.
    float (*const second)[kTileSide][kTileSide] = (&sums)[M - 1];
    if (first) {
      T::template zero<kSums00>();
      T::template zero<kSums10>();
      if constexpr (M == 2) T::template zero<kSums01>();
      if constexpr (M == 2) T::template zero<kSums11>();
    } else {
      T::template load<kSums00>(sums[0], 64);
      T::template load<kSums10>(sums[1], 64);
      if constexpr (M == 2) T::template load<kSums01>(second[0], 64);
      if constexpr (M == 2) T::template load<kSums11>(second[1], 64);
    }
    for (int t = 0; t < n_tiles; ++t) {
      const uint16_t* x = rows + t * kTileElements;
      T::template load<kRows0>(x, 64);
      T::template load<kWeights0>(weights[0][t], 64);
      T::template dot_bf16<kSums00, kWeights0, kRows0>();
      T::template load<kWeights1>(weights[1][t], 64);
      T::template dot_bf16<kSums10, kWeights1, kRows0>();
      if constexpr (M == 2) {
        T::template load<kRows1>(x + kChunkTiles * kTileElements, 64);
        T::template dot_bf16<kSums01, kWeights0, kRows1>();
        T::template dot_bf16<kSums11, kWeights1, kRows1>();
      }
    }
    T::template store<kSums00>(sums[0], 64);
    T::template store<kSums10>(sums[1], 64);
    if constexpr (M == 2) T::template store<kSums01>(second[0], 64);
    if constexpr (M == 2) T::template store<kSums11>(second[1], 64);
  }

  // The sums of panel p and tile m of rows, bias added.
  static void write(const MatmulTile& tile, int p, int m, const float (&sums)[2][kTileSide][kTileSide]) {
    const int64_t stride = tile.job->out_stride;
    const int64_t row = int64_t{m} * kTileSide;
    const int n_rows = static_cast<int>(smaller(kTileSide, tile.n_rows - row));
    for (int half = 0; half < 2; ++half) {
      const int first = p * kTilePanelFeatures + half * kTileSide;
      const int n_features = static_cast<int>(smaller(kTileSide, tile.n_features - first));
      if (n_features <= 0) return;
      const int64_t feature = tile.feature + first;
      const __mmask16 some = V::first_lanes(n_features);
      __m512 bias = _mm512_setzero_ps();
      if (tile.job->bias != nullptr) bias = _mm512_maskz_loadu_ps(some, tile.job->bias + feature);
      __m512 columns[kTileSide];
      transpose(sums[half], columns);
      float* out = tile.job->out + (tile.row + row) * stride + feature;
#pragma GCC unroll 16
      for (int r = 0; r < kTileSide; ++r) {
        if (r < n_rows) _mm512_mask_storeu_ps(out + r * stride, some, _mm512_add_ps(columns[r], bias));
      }
    }
  }

  // 16 x 16: pairs and fours within lanes of 128 bits, then the lanes.
  QWQ_INLINE static void transpose(const float (&in)[kTileSide][kTileSide], __m512 (&out)[kTileSide]) {
    __m512 fours[kTileSide];
#pragma GCC unroll 4
    for (int i = 0; i < kTileSide; i += 4) {
      const __m512 low01 = _mm512_unpacklo_ps(_mm512_load_ps(in[i]), _mm512_load_ps(in[i + 1]));
      const __m512 low23 = _mm512_unpacklo_ps(_mm512_load_ps(in[i + 2]), _mm512_load_ps(in[i + 3]));
      const __m512 high01 = _mm512_unpackhi_ps(_mm512_load_ps(in[i]), _mm512_load_ps(in[i + 1]));
      const __m512 high23 = _mm512_unpackhi_ps(_mm512_load_ps(in[i + 2]), _mm512_load_ps(in[i + 3]));
      fours[i] = _mm512_shuffle_ps(low01, low23, 0x44);  // columns 0, 4, 8, 12 of rows i to i + 3
      fours[i + 1] = _mm512_shuffle_ps(low01, low23, 0xee);
      fours[i + 2] = _mm512_shuffle_ps(high01, high23, 0x44);
      fours[i + 3] = _mm512_shuffle_ps(high01, high23, 0xee);
    }
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
      const __m512 low = _mm512_shuffle_f32x4(fours[c], fours[c + 4], 0x88);  // columns c, c + 8
      const __m512 high = _mm512_shuffle_f32x4(fours[c], fours[c + 4], 0xdd);
      const __m512 low_rest = _mm512_shuffle_f32x4(fours[c + 8], fours[c + 12], 0x88);
      const __m512 high_rest = _mm512_shuffle_f32x4(fours[c + 8], fours[c + 12], 0xdd);
      out[c] = _mm512_shuffle_f32x4(low, low_rest, 0x88);
      out[c + 8] = _mm512_shuffle_f32x4(low, low_rest, 0xdd);
      out[c + 4] = _mm512_shuffle_f32x4(high, high_rest, 0x88);
      out[c + 12] = _mm512_shuffle_f32x4(high, high_rest, 0xdd);
    }
  }
};

}  // namespace qwq::cpu
