// Panels on the AMX units: a tile of 16 weight rows by a block of 32 levels meets a tile of a block of 16
// packed rows of activations; the sums of the block come out in one tile of int32, and the scales are applied
// as everywhere (recipe.h). A block, not the 64 levels a tile could hold, because each has its own scales:
// half of the units' rate is given up for bits that are the same on every processor.
#pragma once

#include "kernels/cpu/int8/panel_avx512_vnni.h"

namespace qwq::cpu {

// Shapes of the tile registers, fixed for all formats; of the last four, one pair is for blocks of 32, one
// for halves of blocks.
enum AmxTile { kSums0, kSums1, kSums2, kSums3, kBlockWeights, kBlockRows, kHalfWeights, kHalfRows };

// What LDTILECFG reads: palette 1, bytes of a row and rows of each tile.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 32, 64, 16, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 8, 16, 4};
};
static_assert(sizeof(TileConfig) == 64);

// V::Tiles has the instructions.
template <class V>
struct AmxPanel : Int8Panel<Avx512Vnni> {
  using T = typename V::Tiles;
  static constexpr bool kTiles = true;

  // Tiles are state of a thread that context switches must save: held only while needed.
  QWQ_INLINE static void begin() { T::configure(TileConfig{}); }
  QWQ_INLINE static void end() { T::release(); }

  // Levels are signed bytes, offsets already taken off.
  template <class Format>
  QWQ_INLINE static void unpack(const std::byte* group, PanelGroup* panel) {
    unpack_x86<Avx512Vnni, Format, Int8Format<Format>::kOffset>(group, panel);
  }

  // Adds block b of n_groups groups of 16 features to their lanes, [16 features, 16 rows]; begins them if
  // `first`.
  template <class Format>
  QWQ_INLINE static void add_blocks(const PanelGroup* panel, const PackedGroup<16>* rows, int n_groups, int b,
                                    bool first, float* lanes) {
    // Sums of four groups, so that the units run ahead while scales are applied.
    alignas(64) int32_t sums[4][2][16][16];
    __m512 acc[16];
#pragma GCC unroll 16
    for (int f = 0; f < 16; ++f) acc[f] = first ? _mm512_setzero_ps() : _mm512_loadu_ps(lanes + 16 * f);
    for (int g = 0; g < n_groups; g += 4) {
      const int n = n_groups - g < 4 ? n_groups - g : 4;
      for (int i = 0; i < n; ++i) multiply<Format>(panel + g + i, rows + g + i, b, sums[i]);
      for (int i = 0; i < n; ++i) add_scaled<Format>(panel + g + i, rows[g + i], b, sums[i], acc);
    }
#pragma GCC unroll 16
    for (int f = 0; f < 16; ++f) _mm512_storeu_ps(lanes + 16 * f, acc[f]);
  }

 private:
  static constexpr int64_t kFeatureStride = kDepthGroups * sizeof(PanelGroup);

  template <class Format>
  QWQ_INLINE static void multiply(const PanelGroup* panel, const PackedGroup<16>* rows, int b,
                                  int32_t (&sums)[2][16][16]) {
    if constexpr (Int8Format<Format>::kHalves) {
      T::template zero<kSums0>();
      T::template load<kHalfWeights>(panel->levels + 32 * b, kFeatureStride);
      T::template load<kHalfRows>(rows->q[8 * b], 64);
      T::template dot<kSums0, kHalfWeights, kHalfRows>();
      T::template store<kSums0>(sums[0], 64);
      T::template zero<kSums1>();
      T::template load<kHalfWeights>(panel->levels + 32 * b + 16, kFeatureStride);
      T::template load<kHalfRows>(rows->q[8 * b + 4], 64);
      T::template dot<kSums1, kHalfWeights, kHalfRows>();
      T::template store<kSums1>(sums[1], 64);
    } else {
      T::template zero<kSums0>();
      T::template load<kBlockWeights>(panel->levels + 32 * b, kFeatureStride);
      T::template load<kBlockRows>(rows->q[8 * b], 64);
      T::template dot<kSums0, kBlockWeights, kBlockRows>();
      T::template store<kSums0>(sums[0], 64);
    }
  }

  template <class Format>
  QWQ_INLINE static void add_scaled(const PanelGroup* panel, const PackedGroup<16>& rows, int b,
                                    const int32_t (&sums)[2][16][16], __m512 (&acc)[16]) {
    using Traits = Int8Format<Format>;
    const __m512 scale = _mm512_loadu_ps(rows.scale[b]);
    [[maybe_unused]] __m512 minimum[2];
    if constexpr (Traits::kMinimum) {
      const I h0 = load(rows.half_sums[0][b]);
      const I h1 = load(rows.half_sums[1][b]);
      minimum[0] = _mm512_mul_ps(scale, to_float(Traits::kHalves ? h0 : add(h0, h1)));
      minimum[1] = _mm512_mul_ps(scale, to_float(h1));
    }
#pragma GCC unroll 16
    for (int f = 0; f < 16; ++f) {
      const PanelGroup& w = panel[f * kDepthGroups];
      I dot = load(sums[0][f]);
      if constexpr (Traits::kHalves) {
        dot = add(mul(dot, set1(w.s[0][b])), mul(load(sums[1][f]), set1(w.s[1][b])));
      }
      acc[f] = _mm512_fmadd_ps(to_float(dot), _mm512_mul_ps(_mm512_set1_ps(w.d[b]), scale), acc[f]);
      if constexpr (Traits::kMinimum) {
        acc[f] = _mm512_fmadd_ps(_mm512_set1_ps(w.m[0][b]), minimum[0], acc[f]);
        if constexpr (Traits::kHalves) {
          acc[f] = _mm512_fmadd_ps(_mm512_set1_ps(w.m[1][b]), minimum[1], acc[f]);
        }
      }
    }
  }
};

}  // namespace qwq::cpu
