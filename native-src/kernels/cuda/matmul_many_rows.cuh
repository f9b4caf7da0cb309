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

// What a thread brings of a group of 256 columns, on its way from memory: everything is asked for before
// anything is waited for. Features and rows beyond the last repeat it; what they give is not kept.
template <class Format, int kRowTiles>
struct ManyRowsGroup {
  using Traits = DeviceFormat<Format>;
  using Tile = ManyRowsTile<Format, kRowTiles>;
  static constexpr int kBlocks = kManyFeatures * kBlocksOfGroup / kManyThreads;
  static constexpr int kFeaturesApart = kManyThreads / kBlocksOfGroup;
  static constexpr int kQuadsOfRow = kGroupElements / 16;
  static constexpr int kQuads = Tile::kRows * kQuadsOfRow / kManyThreads;
  static constexpr int kRowsApart = kManyThreads / kQuadsOfRow;
  static_assert(Tile::kRows * kBlocksOfGroup <= kManyThreads);
  static constexpr bool kIsLarge = sizeof(typename Traits::Packed) > 72 || Tile::kSums > 1;
  // The next group is on its way while one is multiplied, where registers allow for it.
  static constexpr bool kPrefetches = kRowTiles <= 2 && !kIsLarge;
  // Blocks of weights on their way together.
  static constexpr int kTogether = kRowTiles > 2 && kIsLarge ? 1 : kBlocks;

  typename Traits::Packed weights[kTogether];
  Words4 quads[kQuads];
  float scale;
  uint32_t sums;  // if kSums > 0

  static QWQ_DEVICE_MEMBER bool has_block(const MatmulParams& p, int64_t g, int b) {
    return Format::kBlockElements == kGroupElements ||
           g * kGroupElements + b * Format::kBlockElements < p.cols;
  }

  // From block `first` of this thread on.
  QWQ_DEVICE_MEMBER void fetch_weights(const MatmulParams& p, int64_t first_feature, int64_t g, int first) {
    const int b = thread_index() % kBlocksOfGroup;
    QWQ_UNROLL
    for (int i = 0; i < kTogether; ++i) {
      const int64_t f = first_feature + thread_index() / kBlocksOfGroup + (first + i) * kFeaturesApart;
      const Global<const uint8_t> row = p.weights + (f < p.features ? f : p.features - 1) * p.row_bytes;
      // A block that the last group lacks is read elsewhere, and not used.
      Traits::fetch(row + g * kGroupBytes<Format>, has_block(p, g, b) ? b : 0, &weights[i]);
    }
  }

  QWQ_DEVICE_MEMBER void fetch_activations(const Activations& x, int64_t first_row, int64_t g) {
    const int b = thread_index() % kBlocksOfGroup;
    QWQ_UNROLL
    for (int i = 0; i < kQuads; ++i) {
      const int64_t r = first_row + thread_index() / kQuadsOfRow + i * kRowsApart;
      const int64_t row = r < x.n_rows ? r : x.n_rows - 1;
      quads[i] = read<Words4>(x.q + (row * x.groups + g) * (kGroupElements / 4) +
                              4 * (thread_index() % kQuadsOfRow));
    }
    const int64_t r = first_row + thread_index() / kBlocksOfGroup;
    const int64_t at = ((r < x.n_rows ? r : x.n_rows - 1) * x.groups + g) * kBlocksOfGroup + b;
    scale = x.scale[at];
    if constexpr (Tile::kSums > 0) sums = x.half_sums[at];
  }

  // Takes weights apart into shared memory.
  QWQ_DEVICE_MEMBER void store_weights(const MatmulParams& p, int64_t g, int first, const Tile& tile) const {
    const int b = thread_index() % kBlocksOfGroup;
    QWQ_UNROLL
    for (int i = 0; i < kTogether; ++i) {
      const int f = thread_index() / kBlocksOfGroup + (first + i) * kFeaturesApart;
      if constexpr (kRowTiles > 2) sync_warp();  // for the compiler, which would hold both blocks and spill
      WeightBlock w;
      Traits::unpack(weights[i], b, &w);
      if (!has_block(p, g, b)) w = {};
      QWQ_UNROLL
      for (int j = 0; j < 8; j += 4) {
        write(tile.levels + f * kTileStride + 8 * b + j,
              Words4{{w.q[j], w.q[j + 1], w.q[j + 2], w.q[j + 3]}});
      }
      const int at = b * kManyFeatures + f;
      tile.d[at] = w.d;
      if constexpr (Traits::kMinimum) {
        QWQ_UNROLL
        for (int j = 0; j < Tile::kSums; ++j) tile.m[j * kBlocksOfGroup * kManyFeatures + at] = w.m[j];
      }
      if constexpr (Traits::kHalves) {
        tile.s[at] = (static_cast<uint32_t>(w.s[0]) & 0xffffu) | static_cast<uint32_t>(w.s[1]) << 16;
      }
    }
  }

  QWQ_DEVICE_MEMBER void store_activations(const Tile& tile) const {
    const int b = thread_index() % kBlocksOfGroup;
    QWQ_UNROLL
    for (int i = 0; i < kQuads; ++i) {
      const int row = thread_index() / kQuadsOfRow + i * kRowsApart;
      write(tile.q + row * kTileStride + 4 * (thread_index() % kQuadsOfRow), quads[i]);
    }
    if (thread_index() < Tile::kRows * kBlocksOfGroup) {
      const int at = b * Tile::kRows + thread_index() / kBlocksOfGroup;
      tile.scale[at] = scale;
      if constexpr (Tile::kSums == 1) {
        tile.scaled_sum[at] = scale * static_cast<float>(low_half(sums) + high_half(sums));
      } else if constexpr (Tile::kSums == 2) {
        tile.scaled_sum[at] = scale * static_cast<float>(low_half(sums));
        tile.scaled_sum[kBlocksOfGroup * Tile::kRows + at] = scale * static_cast<float>(high_half(sums));
      }
    }
  }
};

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
QWQ_KERNEL void QWQ_THREADS(kManyThreads, kFewRegisters ? 1 : 2)
    multiply_many_rows(MatmulParams p, Activations x) {
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

  wait_for_earlier_launches();

  // Blocks of the same features begin one after the other: all but the first find the weights in the L2
  // cache.
  const int64_t first_feature = int64_t{block_y()} * kManyFeatures;
  const int64_t first_row = int64_t{block_x()} * kRows;
  const int lane = lane_index();
  const int pair = warp_index() % 4;                      // lanes pair and pair + 4 of the recipe
  const int half = warp_index() / 4 * kManyFeatures / 2;  // first of this warp's features
  float acc[2][2][kRowTiles][4] = {};                     // lane, 16 features, 8 rows

  using Group = ManyRowsGroup<Format, kRowTiles>;
  Group group;
  if constexpr (Group::kPrefetches) {
    group.fetch_weights(p, first_feature, 0, 0);
    group.fetch_activations(x, first_row, 0);
  }
  for (int64_t g = 0; g < x.groups; ++g) {
    if constexpr (!Group::kPrefetches) group.fetch_weights(p, first_feature, g, 0);
    if (g > 0) sync_block();
    group.store_weights(p, g, 0, tile);
    QWQ_UNROLL
    for (int i = Group::kTogether; i < Group::kBlocks; i += Group::kTogether) {
      sync_warp();  // for the compiler, see below
      group.fetch_weights(p, first_feature, g, i);
      group.store_weights(p, g, i, tile);
    }
    if constexpr (!Group::kPrefetches) {
      sync_warp();
      group.fetch_activations(x, first_row, g);
    }
    group.store_activations(tile);
    sync_block();
    if constexpr (Group::kPrefetches) {
      const int64_t next = g + 1 < x.groups ? g + 1 : g;
      group.fetch_weights(p, first_feature, next, 0);
      group.fetch_activations(x, first_row, next);
    }
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
