// Attention of prompts on tensor cores, for heads of 64 and 128 elements: the recipe for tokens of the
// prompt's role. (Generated tokens, and other heads, follow attention.cuh.)
//
// A block of threads takes 64 queries, rows by query heads of one KV head, 16 to a warp, and goes through the
// keys they see in tiles, which begin at multiples of their size. The next tile is copied meanwhile. K lies
// in the cache element by element and V token by token: either is what ldmatrix.trans makes a right operand
// of.
//
// What is computed for a query, with eps = 2^-24:
//
//   q      scaled, then by the power of two that brings its largest element to [2^14, 2^15), then rounded to
//          f16: off by 2^-11 relative, or 2^-39 of the largest. No q is too large, none too small.
//   score  sum of q k, f16 by f16 onto f32, head_dim / 16 products of depth 16 in turn
//   p      2^15 exp(score - largest so far), rounded to f16: off by 2^-11 relative, or 2^-40 of the largest
//          weight; a key that is not seen has p = 0 and no score
//   total  of p in f32: in 4 lanes, keys 2 t, 2 t + 1 of each 8 to lane t, ascending; added pairwise at the
//   end value  sum of p v, keys / 16 products of depth 16 in turn
//
// largest, total and value are taken on from tile to tile, rescaled by exp(largest before - now). Nothing of
// it depends on other queries: a tile that a query sees nothing of multiplies its numbers by 1 and adds 0.
//
// Error. A product of depth 16 onto c is two sums of nine terms inside of a tensor core, which cuts terms off
// at 24 bits of the largest: at most 2 * 10 * 2^-23 = 40 eps of the sum of magnitudes. With A = the largest
// scale * sum |q k| of a query, V = its weighted mean of |v|, n keys:
//
//   score   d = (2^-11 + (40 head_dim / 16 + 4) eps) A                of q's rounding, sums, difference
//   weight  w = d + 2^-11 + 2^-20 + n / tile * 2^-21                  of p's rounding, exp, rescalings
//   result  (2 w + (40 n / 16 + n / 8 + 4) eps) V / (1 - w)           numerator and denominator
//
// A q8_0 cache is widened to f16: 2^-11 A more in d, 2^-11 V more in the result; elements beyond 65,504 are
// infinite as they are in an f16 cache.
#pragma once

#include "kernels/cuda/exp.cuh"
#include "kernels/cuda/kv_cache.cuh"
#include "kernels/cuda/pieces.cuh"

namespace qwq::cuda {

inline constexpr int kPromptThreads = 128;
inline constexpr int kPromptQueries = 64;  // of a block of threads
inline constexpr float kLargestWeight = 32768.0f;

struct PromptParams {
  Global<const float> q;  // [n_rows, n_heads, head_dim], row stride q_stride
  int64_t q_stride;
  int64_t n_rows;
  int rows_of_block;  // kPromptQueries / group, or 1
  RowParams rows;
  CacheParams<const uint8_t> cache;
  int group;  // query heads of a KV head
  float scale;
  Global<float> out;  // [n_rows, n_heads, head_dim]
};

constexpr int at_most(int n, int most) { return n < most ? n : most; }
QWQ_DEVICE int clamp(int n, int least, int most) { return n < least ? least : n > most ? most : n; }

template <int kHeadDim, bool kQ8>
struct PromptTile {
  static constexpr int kKeys = 4096 / kHeadDim;
  static constexpr int kGroups = kKeys / kKvGroup;
  static constexpr int kKeyPieces = kKeys / 8;       // of a row of K: an element of all keys
  static constexpr int kValuePieces = kHeadDim / 8;  // of a row of V: a token
  static constexpr int kWords = kHeadDim * kKeys / 2;
  // Of a group in the cache.
  static constexpr int kLevelBytes = kKvGroup * kHeadDim * (kQ8 ? 1 : 2);
  static constexpr int kGroupBytes = kLevelBytes + (kQ8 ? kKvGroup * kHeadDim / kKvScaleRun * 2 : 0);
  static constexpr int kPiecesOfGroup = kGroupBytes / 16;
  static constexpr int kRawWords = 2 * kGroups * kGroupBytes / 4;

  Shared<uint32_t> k;  // [kHeadDim, kKeys] f16, see piece_at
  Shared<uint32_t> v;  // [kKeys, kHeadDim] f16, see piece_at

  // Copies the groups of positions begin .. as they lie, up to position end, zeros beyond; waits for nothing.
  // f16: to where they belong; q8_0: to `raw`, [2, kGroups, kGroupBytes].
  QWQ_DEVICE_MEMBER void copy(const CacheParams<const uint8_t>& cache, Global<const int32_t> table,
                              int kv_head, int begin, int end, Shared<uint32_t> raw) const {
    QWQ_UNROLL
    for (int g = 0; g < kGroups; ++g) {
      const int tokens = clamp(end - begin - kKvGroup * g, 0, kKvGroup);
      const int position = tokens > 0 ? begin + kKvGroup * g : begin;  // tables end with the sequence
      QWQ_UNROLL
      for (int plane = 0; plane < 2; ++plane) {
        const Global<const uint8_t> group = cache.group(table, position, plane * cache.n_kv_heads + kv_head);
        QWQ_UNROLL
        for (int piece = thread_index(); piece < kPiecesOfGroup; piece += kPromptThreads) {
          // Bytes of a piece that belong to `tokens`: tokens lie side by side in K, one after the other in V.
          int valid;
          Shared<uint32_t> to = raw + ((plane * kGroups + g) * kPiecesOfGroup + piece) * 4;
          const int scale_piece = piece - kLevelBytes / 16;
          if (plane == 0) {
            valid = kQ8 && scale_piece < 0 ? tokens : 2 * clamp(tokens - 8 * (piece % 2), 0, 8);
            if constexpr (!kQ8) to = k + 4 * piece_at<kKeyPieces>(piece / 2, 2 * g + piece % 2);
          } else {
            valid = kQ8 && scale_piece >= 0
                        ? clamp(tokens * (kHeadDim / kKvScaleRun * 2) - 16 * scale_piece, 0, 16)
                        : clamp(tokens * (kLevelBytes / kKvGroup) - 16 * piece, 0, 16);
            if constexpr (!kQ8) {
              to = v + 4 * piece_at<kValuePieces>(kKvGroup * g + piece / kValuePieces, piece % kValuePieces);
            }
          }
          copy_16_async(to, group + 16 * piece, valid);
        }
      }
    }
    commit_copies();
  }

  // Widens a q8_0 tile to f16.
  QWQ_DEVICE_MEMBER void widen(Shared<const uint32_t> raw) const {
    const Shared<const uint8_t> bytes = cast<const uint8_t>(raw);
    QWQ_UNROLL
    for (int i = 0; i < kHeadDim * kKeyPieces; i += kPromptThreads) {
      const int element = (i + thread_index()) % kHeadDim;
      const int piece = (i + thread_index()) / kHeadDim;  // of keys
      const Shared<const uint8_t> group = bytes + piece / 2 * kGroupBytes;
      const Words2 levels = read<Words2>(group + element * kKvGroup + 8 * (piece % 2));
      const Words4 scales =
          read<Words4>(group + kLevelBytes + 2 * (element / kKvScaleRun * kKvGroup + 8 * (piece % 2)));
      Words4 halves;
      QWQ_UNROLL
      for (int j = 0; j < 4; ++j) {
        halves.w[j] =
            pack_halves(level(levels, 2 * j) * half_to_float(static_cast<uint16_t>(scales.w[j] & 0xffff)),
                        level(levels, 2 * j + 1) * half_to_float(static_cast<uint16_t>(scales.w[j] >> 16)));
      }
      write(k + 4 * piece_at<kKeyPieces>(element, piece), halves);
    }
    QWQ_UNROLL
    for (int i = 0; i < kKeys * kValuePieces; i += kPromptThreads) {
      const int token = (i + thread_index()) / kValuePieces;
      const int piece = (i + thread_index()) % kValuePieces;
      const Shared<const uint8_t> group = bytes + (kGroups + token / kKvGroup) * kGroupBytes;
      const int slot = token % kKvGroup;
      const Words2 levels = read<Words2>(group + slot * kHeadDim + 8 * piece);
      const float scale = half_to_float(read<uint16_t>(
          group + kLevelBytes + 2 * (slot * (kHeadDim / kKvScaleRun) + piece / (kKvScaleRun / 8))));
      Words4 halves;
      QWQ_UNROLL
      for (int j = 0; j < 4; ++j) {
        halves.w[j] = pack_halves(level(levels, 2 * j) * scale, level(levels, 2 * j + 1) * scale);
      }
      write(v + 4 * piece_at<kValuePieces>(token, piece), halves);
    }
  }

  QWQ_DEVICE_MEMBER static float level(const Words2& levels, int i) {
    return static_cast<float>(static_cast<int8_t>(levels.w[i / 4] >> (8 * (i % 4)) & 0xff));
  }
};

// A thread's part of the 16 queries of its warp: of two of them, r = 0 and 1, those that matrix products give
// it (sim/matrix.h).
template <int kHeadDim, bool kQ8>
struct PromptQueries {
  using Tile = PromptTile<kHeadDim, kQ8>;
  static constexpr int kSteps = kHeadDim / 16;
  static constexpr int kKeyTiles = Tile::kKeys / 8;
  static constexpr int kValueTiles = kHeadDim / 8;

  uint32_t q[kSteps][4];
  float unscale[2];  // a power of two that makes sums scores
  int position[2];
  int first_position;  // of the warp's queries
  int last_position;
  float largest[2];
  float total[2];
  float values[kValueTiles][4];

  // Query r of this thread is at `query`.
  QWQ_DEVICE_MEMBER void load(int r, Global<const float> query, float scale) {
    const int t = lane_index() % 4;
    float most = 0.0f;
    QWQ_UNROLL
    for (int i = 0; i < kHeadDim / 2; ++i) {
      if (i % 4 != 0) continue;
      QWQ_UNROLL
      for (int j = 0; j < 2; ++j) {
        const float x = query[2 * i + 2 * t + j] * scale;
        const float magnitude = x < 0.0f ? -x : x;
        most = magnitude > most ? magnitude : most;
      }
    }
    QWQ_UNROLL
    for (int width = 1; width <= 2; width *= 2) {
      const float other = shuffle_xor(kAllLanes, most, width);
      most = other > most ? other : most;
    }
    const int exponent = to_half_exponent(most);
    const float factor = power_of_two(exponent);
    unscale[r] = power_of_two(254 - exponent);
    QWQ_UNROLL
    for (int s = 0; s < kSteps; ++s) {
      QWQ_UNROLL
      for (int half = 0; half < 2; ++half) {
        const int i = 16 * s + 8 * half + 2 * t;
        q[s][2 * half + r] = pack_halves(query[i] * scale * factor, query[i + 1] * scale * factor);
      }
    }
    largest[r] = -3.4028235e38f;
    total[r] = 0.0f;
  }

  // Takes in the keys of a tile that begins at position `begin`.
  QWQ_DEVICE_MEMBER void attend(const Tile& tile, int begin) {
    const int lane = lane_index();
    float s[kKeyTiles][4] = {};
    QWQ_UNROLL
    for (int step = 0; step < kSteps; ++step) {
      QWQ_UNROLL
      for (int n = 0; n < kKeyTiles; n += 2) {
        uint32_t b[4];
        load_matrices_transposed(
            b, tile.k + 4 * piece_at<Tile::kKeyPieces>(16 * step + lane % 16, n + lane / 16));
        const uint32_t first[2] = {b[0], b[1]};
        const uint32_t second[2] = {b[2], b[3]};
        multiply_halves(s[n], q[step], first);
        multiply_halves(s[n + 1], q[step], second);
      }
    }
    // Some query does not see all of the tile.
    const bool diagonal = begin + Tile::kKeys - 1 > first_position;
    weigh(s, begin, diagonal);
    // Keys 16 j .. of p are a left operand as they lie.
    bool infinite = false;
    QWQ_UNROLL
    for (int j = 0; j < kKeyTiles / 2; ++j) {
      uint32_t p[4];
      QWQ_UNROLL
      for (int i = 0; i < 4; ++i) {
        p[i] = float_bits(s[2 * j + i / 2][2 * (i % 2)]);
      }
      QWQ_UNROLL
      for (int n = 0; n < kValueTiles; n += 2) {
        uint32_t b[4];
        load_matrices_transposed(
            b, tile.v + 4 * piece_at<Tile::kValuePieces>(16 * j + lane % 16, n + lane / 16));
        if (diagonal) infinite = take_infinite(b) || infinite;
        const uint32_t first[2] = {b[0], b[1]};
        const uint32_t second[2] = {b[2], b[3]};
        multiply_halves(values[n], p, first);
        multiply_halves(values[n + 1], p, second);
      }
    }
    if (diagonal && any(kAllLanes, infinite)) add_infinite(tile, begin);
  }

 private:
  // Scores to weights: s[n][0] and s[n][2] become words of two f16 each.
  QWQ_DEVICE_MEMBER void weigh(float (&s)[kKeyTiles][4], int begin, bool diagonal) {
    const int t = lane_index() % 4;
    float most[2] = {largest[0], largest[1]};
    QWQ_UNROLL
    for (int n = 0; n < kKeyTiles; ++n) {
      QWQ_UNROLL
      for (int i = 0; i < 4; ++i) {
        s[n][i] *= unscale[i / 2];
        if (diagonal && begin + 8 * n + 2 * t + i % 2 > position[i / 2]) s[n][i] = -3.4028235e38f;
        most[i / 2] = s[n][i] > most[i / 2] ? s[n][i] : most[i / 2];
      }
    }
    float rescale[2];
    QWQ_UNROLL
    for (int r = 0; r < 2; ++r) {
      QWQ_UNROLL
      for (int width = 1; width <= 2; width *= 2) {
        const float other = shuffle_xor(kAllLanes, most[r], width);
        most[r] = other > most[r] ? other : most[r];
      }
      rescale[r] = largest[r] == most[r] ? 1.0f : exponential(largest[r] - most[r]);
      largest[r] = most[r];
      total[r] *= rescale[r];
    }
    if (any(kAllLanes, rescale[0] != 1.0f || rescale[1] != 1.0f)) {
      QWQ_UNROLL
      for (int n = 0; n < kValueTiles; ++n) {
        QWQ_UNROLL
        for (int i = 0; i < 4; ++i) values[n][i] *= rescale[i / 2];
      }
    }
    QWQ_UNROLL
    for (int n = 0; n < kKeyTiles; ++n) {
      QWQ_UNROLL
      for (int r = 0; r < 2; ++r) {
        float p[2];
        QWQ_UNROLL
        for (int i = 0; i < 2; ++i) {
          p[i] = exponential(s[n][2 * r + i] - largest[r]) * kLargestWeight;
          if (diagonal && begin + 8 * n + 2 * t + i > position[r]) p[i] = 0.0f;
        }
        const uint32_t word = pack_halves(p[0], p[1]);
        // What is counted is what multiplies.
        total[r] += half_to_float(static_cast<uint16_t>(word & 0xffff));
        total[r] += half_to_float(static_cast<uint16_t>(word >> 16));
        s[n][2 * r] = bits_float(word);
      }
    }
  }

  // Zeroes what is infinite or NaN, so that p = 0 keeps it from queries that do not see it.
  QWQ_DEVICE_MEMBER static bool take_infinite(uint32_t (&b)[4]) {
    bool found = false;
    QWQ_UNROLL
    for (int i = 0; i < 4; ++i) {
      if ((b[i] & 0x7c00u) == 0x7c00u) b[i] &= 0xffff0000u, found = true;
      if ((b[i] & 0x7c000000u) == 0x7c000000u) b[i] &= 0xffffu, found = true;
    }
    return found;
  }

  // The same for those that see it.
  QWQ_DEVICE_MEMBER void add_infinite(const Tile& tile, int begin) {
    const int t = lane_index() % 4;
    QWQ_NO_UNROLL
    for (int token = 0; token < Tile::kKeys; ++token) {
      QWQ_UNROLL
      for (int n = 0; n < kValueTiles; ++n) {
        const uint32_t word = tile.v[4 * piece_at<Tile::kValuePieces>(token, n) + t];
        QWQ_UNROLL
        for (int i = 0; i < 4; ++i) {
          const uint16_t half = static_cast<uint16_t>(word >> (16 * (i % 2)) & 0xffff);
          const bool seen = begin + token <= position[i / 2];
          if (seen && (half & 0x7c00) == 0x7c00) values[n][i] += half_to_float(half);
        }
      }
    }
  }
};

template <int kHeadDim, bool kQ8>
QWQ_KERNEL void QWQ_THREADS(kPromptThreads, 2) attention_prompt(PromptParams params) {
  using Tile = PromptTile<kHeadDim, kQ8>;
  using Queries = PromptQueries<kHeadDim, kQ8>;
  // f16: a tile and the next one. q8_0: a tile, and the next one as it lies in the cache.
  constexpr int kWords = Tile::kWords;
  QWQ_SHARED(uint32_t, tiles, kQ8 ? 2 * kWords + Tile::kRawWords : 4 * kWords);
  const int kv_head = block_y();
  const int n_heads = params.cache.n_kv_heads * params.group;
  const int64_t first_of_block = int64_t{block_x()} * params.rows_of_block;
  const int64_t end_of_block = first_of_block + params.rows_of_block < params.n_rows
                                   ? first_of_block + params.rows_of_block
                                   : params.n_rows;

  int64_t first_row = first_of_block;
  while (first_row < end_of_block) {
    // The rows of one sequence.
    const int32_t table_begin = params.rows.table_of[first_row];
    int64_t end_row = first_row + 1;
    while (end_row < end_of_block && static_cast<int32_t>(params.rows.table_of[end_row]) == table_begin) {
      ++end_row;
    }
    const Global<const int32_t> table = params.rows.tables + table_begin;
    const int n_queries = static_cast<int>(end_row - first_row) * params.group;
    const int first_of_warp = block_z() * kPromptQueries + 16 * warp_index();
    const int last_of_warp = at_most(first_of_warp + 16, n_queries) - 1;
    const bool idle = first_of_warp >= n_queries;
    const int end = static_cast<int32_t>(params.rows.positions[end_row - 1]) + 1;  // of what is seen

    Queries queries;
    if (!idle) {
      queries.first_position =
          static_cast<int32_t>(params.rows.positions[first_row + first_of_warp / params.group]);
      queries.last_position =
          static_cast<int32_t>(params.rows.positions[first_row + last_of_warp / params.group]);
      QWQ_UNROLL
      for (int r = 0; r < 2; ++r) {
        // Queries beyond the last repeat it.
        const int query = at_most(first_of_warp + lane_index() / 4 + 8 * r, last_of_warp);
        const int64_t row = first_row + query / params.group;
        const int head = kv_head * params.group + query % params.group;
        queries.position[r] = static_cast<int32_t>(params.rows.positions[row]);
        queries.load(r, params.q + row * params.q_stride + int64_t{head} * kHeadDim, params.scale);
      }
      QWQ_UNROLL
      for (int n = 0; n < Queries::kValueTiles; ++n) {
        QWQ_UNROLL
        for (int i = 0; i < 4; ++i) queries.values[n][i] = 0.0f;
      }
    }

    const Shared<uint32_t> raw = tiles + 2 * kWords;
    Tile tile = {tiles + 0, tiles + kWords};
    Tile next = kQ8 ? tile : Tile{tiles + 2 * kWords, tiles + 3 * kWords};
    tile.copy(params.cache, table, kv_head, 0, end, raw);
    QWQ_NO_UNROLL
    for (int begin = 0; begin < end; begin += Tile::kKeys) {
      const int next_begin = begin + Tile::kKeys;
      if constexpr (kQ8) {
        wait_for_copies<0>();
        sync_block();
        tile.widen(raw);
        sync_block();
        if (next_begin < end) next.copy(params.cache, table, kv_head, next_begin, end, raw);
      } else if (next_begin < end) {
        next.copy(params.cache, table, kv_head, next_begin, end, raw);
        wait_for_copies<1>();
        sync_block();
      } else {
        wait_for_copies<0>();
        sync_block();
      }
      if (!idle && begin <= queries.last_position) queries.attend(tile, begin);
      if constexpr (!kQ8) {
        const Tile done = tile;
        tile = next;
        next = done;
      }
      sync_block();
    }

    if (!idle) {
      QWQ_UNROLL
      for (int r = 0; r < 2; ++r) {
        float total = queries.total[r];
        total += shuffle_xor(kAllLanes, total, 1);
        total += shuffle_xor(kAllLanes, total, 2);
        const int query = first_of_warp + lane_index() / 4 + 8 * r;
        if (query > last_of_warp) continue;
        const int64_t row = first_row + query / params.group;
        const int head = kv_head * params.group + query % params.group;
        const Global<float> out = params.out + (row * n_heads + head) * kHeadDim + lane_index() % 4 * 2;
        const float inverse = 1.0f / total;
        QWQ_UNROLL
        for (int n = 0; n < Queries::kValueTiles; ++n) {
          // + 0: a sum that came down to -0 is 0, however many tiles without it followed.
          out[8 * n] = queries.values[n][2 * r] * inverse + 0.0f;
          out[8 * n + 1] = queries.values[n][2 * r + 1] * inverse + 0.0f;
        }
      }
    }
    first_row = end_row;
  }
}

}  // namespace qwq::cuda
