// The int8 recipe for many rows of activations, on tensor cores.
//
// A block of threads computes 64 features of 8 kRowTiles rows, group of 256 columns by group: weights are
// taken apart into shared memory once, then eight warps multiply. Warp w computes lanes w % 4 and w % 4 + 4
// of the recipe (kernels/cpu/int8/recipe.h) for one half of the features: a product of 32 columns is a block
// of the recipe, its int32 sums are exact, and they are added to the lanes in the recipe's order. In the end
// the lanes are added across warps. So the bits are those of the cpu backend.
#pragma once

#include "kernels/cuda/matmul_few_rows.cuh"

namespace qwq::cuda {

inline constexpr int kManyThreads = 256;
inline constexpr int kManyFeatures = 64;
// Words of a row of levels, 64 and 4 more: eight rows begin in different banks.
inline constexpr int kTileStride = kGroupElements / 4 + 4;

// Shared memory of a block.
template <class Format, int kRowTiles>
struct ManyRowsTile {
  static constexpr int kRows = 8 * kRowTiles;
  static constexpr int kSums = !DeviceFormat<Format>::kMinimum ? 0 : DeviceFormat<Format>::kHalves ? 2 : 1;

  Shared<uint32_t> levels;   // [kManyFeatures, kTileStride]
  Shared<uint32_t> q;        // [kRows, kTileStride]
  Shared<float> d;           // [8, kManyFeatures]
  Shared<float> m;           // [kSums, 8, kManyFeatures]
  Shared<uint32_t> s;        // [8, kManyFeatures] both scales as int16, if kHalves
  Shared<float> scale;       // [8, kRows]
  Shared<float> scaled_sum;  // [kSums, 8, kRows]
};

// Takes a group of kManyFeatures rows of weights apart. Features beyond the last repeat it.
template <class Format, int kRowTiles>
QWQ_DEVICE void load_weights(const MatmulParams& p, int64_t first_feature, int64_t g,
                             const ManyRowsTile<Format, kRowTiles>& tile) {
  using Traits = DeviceFormat<Format>;
  const int b = thread_index() % kBlocksOfGroup;
  QWQ_NO_UNROLL
  for (int f = thread_index() / kBlocksOfGroup; f < kManyFeatures; f += kManyThreads / kBlocksOfGroup) {
    const int64_t feature = first_feature + f < p.features ? first_feature + f : p.features - 1;
    WeightBlock w = {};
    bool inside = true;
    if constexpr (Format::kBlockElements < kGroupElements) {
      inside = g * kGroupElements + b * Format::kBlockElements < p.cols;
    }
    if (inside) load_block<Format>(p.weights + feature * p.row_bytes + g * kGroupBytes<Format>, b, &w);
    QWQ_UNROLL
    for (int i = 0; i < 8; i += 4) {
      write(tile.levels + f * kTileStride + 8 * b + i, Words4{{w.q[i], w.q[i + 1], w.q[i + 2], w.q[i + 3]}});
    }
    const int at = b * kManyFeatures + f;
    tile.d[at] = w.d;
    if constexpr (Traits::kMinimum) {
      QWQ_UNROLL
      for (int i = 0; i < ManyRowsTile<Format, kRowTiles>::kSums; ++i) {
        tile.m[i * kBlocksOfGroup * kManyFeatures + at] = w.m[i];
      }
    }
    if constexpr (Traits::kHalves) {
      tile.s[at] = (static_cast<uint32_t>(w.s[0]) & 0xffffu) | static_cast<uint32_t>(w.s[1]) << 16;
    }
  }
}

// Copies a group of the activations; rows beyond the last are zero.
template <class Format, int kRowTiles>
QWQ_DEVICE void load_activations(const Activations& x, int64_t first_row, int64_t g,
                                 const ManyRowsTile<Format, kRowTiles>& tile) {
  using Tile = ManyRowsTile<Format, kRowTiles>;
  constexpr int kQuads = kGroupElements / 16;
  QWQ_NO_UNROLL
  for (int i = thread_index(); i < Tile::kRows * kQuads; i += kManyThreads) {
    const int row = i / kQuads;
    const int quad = i % kQuads;
    Words4 words = {};
    if (first_row + row < x.n_rows) {
      words = read<Words4>(x.q + ((first_row + row) * x.groups + g) * (kGroupElements / 4) + 4 * quad);
    }
    write(tile.q + row * kTileStride + 4 * quad, words);
  }
  QWQ_NO_UNROLL
  for (int i = thread_index(); i < Tile::kRows * kBlocksOfGroup; i += kManyThreads) {
    const int row = i / kBlocksOfGroup;
    const int b = i % kBlocksOfGroup;
    float scale = 0.0f;
    uint32_t sums = 0;
    if (first_row + row < x.n_rows) {
      const int64_t at = ((first_row + row) * x.groups + g) * kBlocksOfGroup + b;
      scale = x.scale[at];
      if constexpr (Tile::kSums > 0) sums = x.half_sums[at];
    }
    tile.scale[b * Tile::kRows + row] = scale;
    if constexpr (Tile::kSums == 1) {
      tile.scaled_sum[b * Tile::kRows + row] = scale * static_cast<float>(low_half(sums) + high_half(sums));
    } else if constexpr (Tile::kSums == 2) {
      tile.scaled_sum[b * Tile::kRows + row] = scale * static_cast<float>(low_half(sums));
      tile.scaled_sum[(kBlocksOfGroup + b) * Tile::kRows + row] = scale * static_cast<float>(high_half(sums));
    }
  }
}

// The sums of a product of 16 features by 8 rows over block b, onto their lane. `feature` and `row` are those
// of this thread's c[0].
template <class Format, int kRowTiles>
QWQ_DEVICE void add_product(const ManyRowsTile<Format, kRowTiles>& tile, const uint32_t (&a)[4],
                            const uint32_t (&x)[2], int b, int feature, int row, float (&lane)[4]) {
  using Traits = DeviceFormat<Format>;
  using Tile = ManyRowsTile<Format, kRowTiles>;
  int32_t sums[4] = {};
  if constexpr (Traits::kHalves) {
    int32_t last[4] = {};
    multiply_bytes_16(sums, a[0], a[1], x[0]);
    multiply_bytes_16(last, a[2], a[3], x[1]);
    QWQ_UNROLL
    for (int i = 0; i < 4; ++i) {
      const uint32_t s = tile.s[b * kManyFeatures + feature + 8 * (i / 2)];
      sums[i] = low_half(s) * sums[i] + high_half(s) * last[i];
    }
  } else {
    multiply_bytes_32(sums, a, x);
  }
  QWQ_UNROLL
  for (int i = 0; i < 4; ++i) {
    const int f = b * kManyFeatures + feature + 8 * (i / 2);
    const int r = b * Tile::kRows + row + i % 2;
    const float step = tile.d[f] * tile.scale[r];
    lane[i] = fma(static_cast<float>(sums[i]), step, lane[i]);
    QWQ_UNROLL
    for (int half = 0; half < Tile::kSums; ++half) {
      lane[i] = fma(tile.m[half * kBlocksOfGroup * kManyFeatures + f],
                    tile.scaled_sum[half * kBlocksOfGroup * Tile::kRows + r], lane[i]);
    }
  }
}

template <class Format, int kRowTiles>
QWQ_KERNEL void QWQ_THREADS(kManyThreads, 2) multiply_many_rows(MatmulParams p, Activations x) {
  using Tile = ManyRowsTile<Format, kRowTiles>;
  static_assert(kRowTiles % 2 == 0);
  constexpr int kRows = Tile::kRows;
  constexpr int kSums = Tile::kSums;
  constexpr int kWords = (kManyFeatures + kRows) * kTileStride;
  QWQ_SHARED(uint32_t, words, kWords);
  QWQ_SHARED(float, d, kBlocksOfGroup* kManyFeatures);
  QWQ_SHARED(float, m, kSums == 0 ? 1 : kSums * kBlocksOfGroup * kManyFeatures);
  QWQ_SHARED(uint32_t, s, DeviceFormat<Format>::kHalves ? kBlocksOfGroup * kManyFeatures : 1);
  QWQ_SHARED(float, scale, kBlocksOfGroup* kRows);
  QWQ_SHARED(float, scaled_sum, kSums == 0 ? 1 : kSums * kBlocksOfGroup * kRows);
  const Tile tile = {words, words + kManyFeatures * kTileStride, d, m, s, scale, scaled_sum};

  // Blocks of the same features begin one after the other: all but the first find the weights in the L2 cache.
  const int64_t first_feature = int64_t{block_y()} * kManyFeatures;
  const int64_t first_row = int64_t{block_x()} * kRows;
  const int lane = lane_index();
  const int pair = warp_index() % 4;                      // lanes pair and pair + 4 of the recipe
  const int half = warp_index() / 4 * kManyFeatures / 2;  // first of this warp's features
  float acc[2][2][kRowTiles][4] = {};                     // lane, 16 features, 8 rows

  for (int64_t g = 0; g < x.groups; ++g) {
    if (g > 0) sync_block();
    load_weights<Format, kRowTiles>(p, first_feature, g, tile);
    load_activations<Format, kRowTiles>(x, first_row, g, tile);
    sync_block();
    QWQ_UNROLL
    for (int l = 0; l < 2; ++l) {
      const int b = pair + 4 * l;
      // Features outside: what is kept of them (levels, scales) is then half as much. The barriers are for
      // the compiler, which would load all ahead and spill.
      QWQ_UNROLL
      for (int i = 0; i < 2; ++i) {
        uint32_t a[4];
        sync_warp();
        load_matrices(a, tile.levels + (half + 16 * i + lane % 16) * kTileStride + 8 * b + 4 * (lane / 16));
        QWQ_UNROLL
        for (int n = 0; n < kRowTiles; n += 2) {
          uint32_t two[4];
          sync_warp();
          load_matrices(two,
                        tile.q + (8 * n + lane % 8 + lane / 16 * 8) * kTileStride + 8 * b + lane / 8 % 2 * 4);
          QWQ_UNROLL
          for (int j = 0; j < 2; ++j) {
            const uint32_t b_words[2] = {two[2 * j], two[2 * j + 1]};
            add_product<Format, kRowTiles>(tile, a, b_words, b, half + 16 * i + lane / 4,
                                           8 * (n + j) + lane % 4 * 2, acc[l][i][n + j]);
          }
        }
      }
    }
  }

  // Of lanes 0 and 4, 1 and 5, 2 and 6, 3 and 7 in four warps: ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
  constexpr int kStride = kRows + 2;
  static_assert(2 * kManyFeatures * kStride <= kWords);
  const Shared<float> exchange = cast<float>(words + 0);  // [2, kManyFeatures, kStride]
  sync_block();
  for (int turn = 0; turn < 3; ++turn) {
    // Warps of pair 2 and 3 hand over, those of 0 and 1 take; those of 1 hand over, those of 0 take.
    QWQ_UNROLL
    for (int i = 0; i < 2; ++i) {
      QWQ_UNROLL
      for (int n = 0; n < kRowTiles; ++n) {
        QWQ_UNROLL
        for (int c = 0; c < 4; ++c) {
          float& sum = acc[0][i][n][c];
          const int feature = half + 16 * i + lane / 4 + 8 * (c / 2);
          const int row = 8 * n + lane % 4 * 2 + c % 2;
          const int at = (pair % 2 * kManyFeatures + feature) * kStride + row;
          if (turn == 0) {
            sum += acc[1][i][n][c];
            if (pair >= 2) exchange[at] = sum;
          } else if (turn == 1 && pair < 2) {
            sum += exchange[at];
            if (pair == 1) exchange[at] = sum;
          } else if (turn == 2 && pair == 0) {
            sum += exchange[at + kManyFeatures * kStride];
            if (first_feature + feature < p.features && first_row + row < x.n_rows) {
              const float bias =
                  p.bias == nullptr ? 0.0f : static_cast<float>(p.bias[first_feature + feature]);
              p.out[(first_row + row) * p.out_stride + first_feature + feature] = sum + bias;
            }
          }
        }
      }
    }
    if (turn < 2) sync_block();
  }
}

}  // namespace qwq::cuda
