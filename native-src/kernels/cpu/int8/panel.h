// The int8 recipe for many rows of activations: 8 or 16 of them lie in the lanes of a vector, and a panel of
// weights is taken apart once and multiplied with all of them.
//
//   for each panel of kPanelFeatures weight rows and up to kTaskRows rows of x              (a task)
//     for each kDepthGroups groups of 256 columns             (panel: in L2)
//       for each M vectors of rows
//         for each block b of the groups                      (its slice of panel and rows: in L1)
//           for each N features                               (integer and f32 sums: in registers)
//             for each group
//
// Lane b of the recipe is a vector here, kept in `lanes` between depth steps, so that the additions of an
// element come in the very order of recipe.h.
#pragma once

#include "kernels/cpu/int8/packed_rows.h"
#include "kernels/scratch.h"

namespace qwq::cpu {

// What a variant needs for panels; without a specialisation it multiplies row by row.
//
//   static constexpr bool kUsable = true;
//   static void begin(), end();          around the products of a panel
//   static constexpr int kRows;          lanes of a vector
//   static constexpr int kMaxVectors;    of a register tile, 2 or 3
//   static constexpr int features_of_tile(int n_vectors);    2, 4 or 8
//   static constexpr int kMinRows;       fewer rows are multiplied row by row
//   using I;                             vector of int32
//   static constexpr int kShift<Format>; taken off the levels as dot sees them: a power of two, or 0
//   static I zero(), set1(int32_t), load(const int32_t*), add(I, I), mul(I, I);
//   static I times_minus<n>(I);          by -n
//   static F to_float(I);
//   static void store_transposed(const F (&columns)[4], float* out, int64_t stride);  lane r to row r
//   static void unpack<Format>(const std::byte* group, PanelGroup* panel);
//   static constexpr bool kTiles;        matrix units multiply, see panel_amx.h; otherwise:
//   // sums[n][m] += 4 K levels of feature n times 4 K elements of each row of vector m
//   static void dot<Format, K, N, M>(const uint8_t* const (&levels)[N], const int8_t* const (&q)[M],
//                                    I (&sums)[N][M]);
template <class V>
struct Int8Panel {
  static constexpr bool kUsable = false;
};

// A group of a weight row, taken apart.
struct PanelGroup {
  uint8_t levels[256];  // as Int8Panel<V>::dot wants them
  float d[8];
  float m[2][8];    // of first and last halves if kHalves, otherwise m[0]
  int32_t s[2][8];  // if kHalves
};

inline constexpr int kDepthGroups = 8;  // of a panel
inline constexpr int kRowsAhead = 4;    // weight rows that are asked for before they are taken apart

template <class V>
struct PanelScratch {
  static constexpr int kRows = Int8Panel<V>::kRows;
  PanelGroup panel[kPanelFeatures][kDepthGroups];
  float lanes[(kTaskRows + kFewestTaskRows) / kRows][8][kPanelFeatures][kRows];
};

template <class V>
constexpr size_t panel_scratch_bytes() {
  if constexpr (Int8Panel<V>::kUsable) return sizeof(PanelScratch<V>);
  return 0;
}

// Sums over K = 8 (a block) or 4 (a half) quads of levels, less the format's offset.
template <class V, class Format, int K, int N, int M>
QWQ_INLINE void dot_tile_block(const PanelGroup* const (&w)[N],
                               const PackedGroup<Int8Panel<V>::kRows>* const (&x)[M], int b, int half,
                               typename Int8Panel<V>::I (&sums)[N][M]) {
  using P = Int8Panel<V>;
  constexpr int kOffset = P::template kShift<Format>;
  const int first = 8 * b + 4 * half;
  const int8_t* q[M];
#pragma GCC unroll 4
  for (int m = 0; m < M; ++m) {
    q[m] = x[m]->q[first][0];
    typename P::I start = P::zero();
    if constexpr (kOffset != 0) {
      typename P::I total = P::load(x[m]->half_sums[half][b]);
      if constexpr (K == 8) total = P::add(total, P::load(x[m]->half_sums[1][b]));
      start = P::template times_minus<kOffset>(total);
    }
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) sums[n][m] = start;
  }
  const uint8_t* levels[N];
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n) levels[n] = w[n]->levels + 4 * first;
  P::template dot<Format, K, N, M>(levels, q, sums);
}

// Adds the block b of n_groups groups to acc.
template <class V, class Format, int N, int M>
QWQ_INLINE void add_tile_blocks(const PanelGroup* panel,
                                const PackedGroup<Int8Panel<V>::kRows>* const (&rows)[M], int n_groups, int b,
                                typename V::F (&acc)[N][M]) {
  using P = Int8Panel<V>;
  using I = typename P::I;
  using Traits = Int8Format<Format>;
  for (int g = 0; g < n_groups; ++g) {
    const PanelGroup* w[N];
    const PackedGroup<P::kRows>* x[M];
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) w[n] = panel + n * kDepthGroups + g;
#pragma GCC unroll 4
    for (int m = 0; m < M; ++m) x[m] = rows[m] + g;
    I sums[N][M];
    if constexpr (Traits::kHalves) {
      I last[N][M];
      dot_tile_block<V, Format, 4, N, M>(w, x, b, 0, sums);
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) {
#pragma GCC unroll 4
        for (int m = 0; m < M; ++m) sums[n][m] = P::mul(sums[n][m], P::set1(w[n]->s[0][b]));
      }
      dot_tile_block<V, Format, 4, N, M>(w, x, b, 1, last);
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) {
#pragma GCC unroll 4
        for (int m = 0; m < M; ++m) {
          sums[n][m] = P::add(sums[n][m], P::mul(last[n][m], P::set1(w[n]->s[1][b])));
        }
      }
    } else {
      dot_tile_block<V, Format, 8, N, M>(w, x, b, 0, sums);
    }
#pragma GCC unroll 4
    for (int m = 0; m < M; ++m) {
      const typename V::F scale = V::load(x[m]->scale[b]);
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) {
        acc[n][m] = V::fma(P::to_float(sums[n][m]), V::mul(V::set1(w[n]->d[b]), scale), acc[n][m]);
      }
      if constexpr (Traits::kMinimum) {
        const I first = P::load(x[m]->half_sums[0][b]);
        const I last = P::load(x[m]->half_sums[1][b]);
        const I total = Traits::kHalves ? first : P::add(first, last);
        const typename V::F sum = V::mul(scale, P::to_float(total));
#pragma GCC unroll 8
        for (int n = 0; n < N; ++n) acc[n][m] = V::fma(V::set1(w[n]->m[0][b]), sum, acc[n][m]);
        if constexpr (Traits::kHalves) {
          const typename V::F sum_of_last = V::mul(scale, P::to_float(last));
#pragma GCC unroll 8
          for (int n = 0; n < N; ++n) acc[n][m] = V::fma(V::set1(w[n]->m[1][b]), sum_of_last, acc[n][m]);
        }
      }
    }
  }
}

template <class V>
class PanelProduct {
  using P = Int8Panel<V>;
  static constexpr int kRows = P::kRows;
  using Rows = PackedGroup<kRows>;

 public:
  // rows: those of the tile's first vector, [vectors, groups of cols].
  PanelProduct(const MatmulTile& tile, const Rows* rows, PanelScratch<V>* scratch)
      : tile_(tile),
        rows_(rows),
        scratch_(*scratch),
        n_groups_(activation_groups(tile.job->weight->cols)),
        n_vectors_(static_cast<int>(ceil_div(tile.n_rows, kRows))) {}

  template <class Format>
  void run(const OpContext& ctx) {
    P::begin();
    const bool done = multiply_all<Format>(ctx);
    P::end();
    if (done) write();
  }

 private:
  // False when cancelled.
  template <class Format>
  bool multiply_all(const OpContext& ctx) {
    for (int64_t g = 0; g < n_groups_; g += kDepthGroups) {
      if (ctx.cancelled()) return false;
      const int depth = static_cast<int>(smaller(kDepthGroups, n_groups_ - g));
      unpack<Format>(g, depth);
      if constexpr (P::kTiles) {
        for (int v = 0; v < n_vectors_; ++v) multiply_tiles<Format>(v, g, depth);
        continue;
      }
      int v = 0;
      if constexpr (P::kMaxVectors >= 3) {
        for (; v + 3 <= n_vectors_; v += 3) multiply<Format, 3>(v, g, depth);
      }
      for (; v + 2 <= n_vectors_; v += 2) multiply<Format, 2>(v, g, depth);
      if (v < n_vectors_) multiply<Format, 1>(v, g, depth);
    }
    return true;
  }

  static constexpr int kFeatureStep = P::kTiles ? 16 : 8;
  int padded_features() const {
    return static_cast<int>(ceil_div(tile_.n_features, kFeatureStep)) * kFeatureStep;
  }

  template <class Format>
  void unpack(int64_t first, int depth) {
    const Tensor& weight = *tile_.job->weight;
    for (int f = 0; f < tile_.n_features; ++f) {
      // Jumps from row to row are beyond what a processor foresees.
      const std::byte* later = weight.row(tile_.feature + f + kRowsAhead) + first * kGroupBytes<Format>;
      for (int i = 0; i < depth * kGroupBytes<Format>; i += 64) __builtin_prefetch(later + i);
      const std::byte* row = weight.row(tile_.feature + f) + first * kGroupBytes<Format>;
      const int64_t bytes =
          (weight.cols - first * kGroupElements) / Format::kBlockElements * Format::kBlockBytes;
      for (int g = 0; g < depth; ++g) {
        const int64_t rest = bytes - g * int64_t{kGroupBytes<Format>};
        if (rest >= kGroupBytes<Format>) {
          P::template unpack<Format>(row + g * kGroupBytes<Format>, &scratch_.panel[f][g]);
        } else {
          std::byte padded[kGroupBytes<Format>] = {};
          __builtin_memcpy(padded, row + g * kGroupBytes<Format>, static_cast<size_t>(rest));
          P::template unpack<Format>(padded, &scratch_.panel[f][g]);
        }
      }
    }
    for (int f = tile_.n_features; f < padded_features(); ++f) {
      __builtin_memset(scratch_.panel[f], 0, sizeof(scratch_.panel[f]));
    }
  }

  template <class Format, int M>
  void multiply(int v, int64_t group, int depth) {
    constexpr int N = P::features_of_tile(M);
    const Rows* rows[M];
    for (int m = 0; m < M; ++m) rows[m] = rows_ + (v + m) * n_groups_ + group;
    for (int b = 0; b < 8; ++b) {
      for (int f = 0; f < padded_features(); f += N) {
        typename V::F acc[N][M];
#pragma GCC unroll 8
        for (int n = 0; n < N; ++n) {
#pragma GCC unroll 4
          for (int m = 0; m < M; ++m)
            acc[n][m] = group == 0 ? V::zero() : V::load(scratch_.lanes[v + m][b][f + n]);
        }
        add_tile_blocks<V, Format, N, M>(scratch_.panel[f], rows, depth, b, acc);
#pragma GCC unroll 8
        for (int n = 0; n < N; ++n) {
#pragma GCC unroll 4
          for (int m = 0; m < M; ++m) V::store(scratch_.lanes[v + m][b][f + n], acc[n][m]);
        }
      }
    }
  }

  template <class Format>
  void multiply_tiles(int v, int64_t group, int depth) {
    const Rows* rows = rows_ + v * n_groups_ + group;
    for (int b = 0; b < 8; ++b) {
      for (int f = 0; f < padded_features(); f += kFeatureStep) {
        float* lanes = reinterpret_cast<float*>(scratch_.lanes) + ((v * 8 + b) * kPanelFeatures + f) * kRows;
        P::template add_blocks<Format>(scratch_.panel[f], rows, depth, b, group == 0, lanes);
      }
    }
  }

  // The sums of lanes and bias of kRows rows, feature f of the tile.
  QWQ_INLINE typename V::F total(int v, int f) const {
    typename V::F a[8];
#pragma GCC unroll 8
    for (int b = 0; b < 8; ++b) a[b] = V::load(scratch_.lanes[v][b][f]);
    const typename V::F even = V::add(V::add(a[0], a[4]), V::add(a[2], a[6]));
    const typename V::F odd = V::add(V::add(a[1], a[5]), V::add(a[3], a[7]));
    const float* bias = tile_.job->bias;
    return V::add(V::add(even, odd), V::set1(bias != nullptr ? bias[tile_.feature + f] : 0.0f));
  }

  void write() const {
    const int64_t stride = tile_.job->out_stride;
    for (int v = 0; v < n_vectors_; ++v) {
      const int64_t row = tile_.row + int64_t{v} * kRows;
      const int n = static_cast<int>(smaller(kRows, tile_.row + tile_.n_rows - row));
      float* out = tile_.job->out + row * stride + tile_.feature;
      int f = 0;
      for (; f + 4 <= tile_.n_features && n == kRows; f += 4) {
        const typename V::F columns[4] = {total(v, f), total(v, f + 1), total(v, f + 2), total(v, f + 3)};
        P::store_transposed(columns, out + f, stride);
      }
      for (; f < tile_.n_features; ++f) {
        float sums[kRows];
        V::store(sums, total(v, f));
        for (int r = 0; r < n; ++r) out[r * stride + f] = sums[r];
      }
    }
  }

  const MatmulTile& tile_;
  const Rows* rows_;
  PanelScratch<V>& scratch_;
  int64_t n_groups_;
  int n_vectors_;
};

}  // namespace qwq::cpu
