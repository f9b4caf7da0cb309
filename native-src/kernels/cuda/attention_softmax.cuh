// Scores of a chunk to weights, online: tile by tile, as if one came after the other, though only the maxima
// have to.
#pragma once

#include "kernels/cuda/attention_shape.cuh"

namespace qwq::cuda {

// Lanes l and l + 8, then l and l + 4, l and l + 2, the last two.
template <typename Totals>
QWQ_DEVICE float reduce_total(const Totals& total) {
  float sums[8];
  QWQ_UNROLL
  for (int l = 0; l < 8; ++l) sums[l] = total[l] + total[l + 8];
  QWQ_UNROLL
  for (int l = 0; l < 4; ++l) sums[l] += sums[l + 4];
  return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}

// A state of a query and split: maximum, 16 totals, head_dim values.
constexpr int state_floats(int head_dim) { return 1 + kKvGroup + head_dim; }

template <typename S>
struct Softmax {
  // A warp takes four tiles of a query at once, a lane two positions of each.
  static constexpr int kTiles = 4;
  static constexpr int kParts = S::kTilesOfChunk / kTiles;  // of a query's chunk
  static_assert(S::kTilesOfChunk % kTiles == 0 && kTileTokens == 2 * kWarp);

  Shared<float> p;             // [kQueries, kChunkTokens] scores, then weights
  Shared<float> tile_maximum;  // [kQueries, kTilesOfChunk] of a tile alone
  Shared<float> factor;        // [kTilesOfChunk, kQueries] what sums so far are multiplied by before a tile
  Shared<float> maximum;       // [kQueries] of the split before the chunk
  Shared<float> total;         // [kQueries, kKvGroup]
  Shared<const int32_t> n_tokens;  // [kQueries] that a query sees

  // Three steps, with a barrier after each. First: maxima of tiles.
  QWQ_DEVICE_MEMBER void find_maxima(int begin, int queries) const {
    for (int unit = warp_index(); unit < queries * kParts; unit += kAttentionThreads / kWarp) {
      const Part part = part_of(unit, begin);
      float most[kTiles];
      QWQ_UNROLL
      for (int k = 0; k < kTiles; ++k) {
        const float first = score(part, 2 * k);
        const float second = score(part, 2 * k + 1);
        most[k] = first > second ? first : second;
      }
      QWQ_UNROLL
      for (int width = kWarp / 2; width > 0; width /= 2) {
        QWQ_UNROLL
        for (int k = 0; k < kTiles; ++k) {
          const float other = shuffle_xor(kAllLanes, most[k], width);
          most[k] = other > most[k] ? other : most[k];
        }
      }
      if (lane_index() != 0) continue;
      QWQ_UNROLL
      for (int k = 0; k < kTiles; ++k) {
        tile_maximum[part.query * S::kTilesOfChunk + part.first_tile + k] = most[k];
      }
    }
  }

  // Second: weights, zero where a query sees nothing, and factors.
  QWQ_DEVICE_MEMBER void weigh(int begin, int queries) const {
    for (int unit = warp_index(); unit < queries * kParts; unit += kAttentionThreads / kWarp) {
      const Part part = part_of(unit, begin);
      const Shared<float> tiles = tile_maximum + part.query * S::kTilesOfChunk;
      float largest = maximum[part.query];
      for (int tile = 0; tile < part.first_tile; ++tile) largest = larger(tiles[tile], largest);
      float rescale[kTiles];
      QWQ_UNROLL
      for (int k = 0; k < kTiles; ++k) {
        const float before = largest;
        largest = larger(tiles[part.first_tile + k], before);
        rescale[k] = rescaling(before, largest);
        QWQ_UNROLL
        for (int i = 2 * k; i < 2 * k + 2; ++i) {
          const int t = i * kWarp + lane_index();
          part.scores[t] = t < part.n ? exponential(static_cast<float>(part.scores[t]) - largest) : 0.0f;
        }
      }
      if (lane_index() != 0) continue;
      QWQ_UNROLL
      for (int k = 0; k < kTiles; ++k) factor[(part.first_tile + k) * S::kQueries + part.query] = rescale[k];
    }
  }

  // Third: maximum and totals take the chunk in, position t in lane t mod 16, ascending. The last threads do
  // it, which may have no values to sum.
  QWQ_DEVICE_MEMBER void add_totals(int begin, int queries) const {
    const int pair = kAttentionThreads - 1 - thread_index();
    const int query = pair / kKvGroup;
    const int lane = pair % kKvGroup;
    if (query >= queries) return;
    const int n = static_cast<int32_t>(n_tokens[query]) - begin;
    float sum = total[pair];
    for (int tile = 0; tile < S::kTilesOfChunk && tile * kTileTokens < n; ++tile) {
      const Shared<float> weights = p + query * S::kChunkTokens + tile * kTileTokens + lane;
      sum *= static_cast<float>(factor[tile * S::kQueries + query]);
      QWQ_UNROLL
      for (int i = 0; i < kTileTokens; i += kKvGroup) sum += static_cast<float>(weights[i]);
    }
    total[pair] = sum;
    if (lane != 0) return;
    float largest = maximum[query];
    for (int tile = 0; tile < S::kTilesOfChunk; ++tile) {
      largest = larger(tile_maximum[query * S::kTilesOfChunk + tile], largest);
    }
    maximum[query] = largest;
  }

 private:
  struct Part {
    int query;
    int first_tile;
    int n;  // positions it sees from here on
    Shared<float> scores;
  };

  QWQ_DEVICE_MEMBER static float larger(float now, float before) { return now > before ? now : before; }

  QWQ_DEVICE_MEMBER Part part_of(int unit, int begin) const {
    const int query = unit / kParts;
    const int first_tile = unit % kParts * kTiles;
    return {query, first_tile, static_cast<int32_t>(n_tokens[query]) - begin - first_tile * kTileTokens,
            p + query * S::kChunkTokens + first_tile * kTileTokens};
  }

  // kNoScore, too, for one that is no number.
  QWQ_DEVICE_MEMBER static float score(const Part& part, int i) {
    const int t = i * kWarp + lane_index();
    const float s = t < part.n ? static_cast<float>(part.scores[t]) : kNoScore;
    return larger(s, kNoScore);
  }
};

}  // namespace qwq::cuda
