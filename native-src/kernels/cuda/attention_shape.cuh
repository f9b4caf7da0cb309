// What the parts of attention have in common, see attention.cuh.
#pragma once

#include "kernels/cuda/exp.cuh"
#include "kernels/cuda/kv_cache.cuh"

namespace qwq::cuda {

inline constexpr int kAttentionThreads = 256;
inline constexpr int kSplitTokens = 1024;
inline constexpr int kTileTokens = 64;
// Lowest finite f32: a maximum before the first score.
inline constexpr float kNoScore = -3.4028235e38f;

// kQueriesAtOnce of a block of threads, 2, 8 or 16; head_dim up to kMostColumns, 128 or 256.
template <int kQueriesAtOnce, int kMostColumns, bool kLevels>
struct AttentionShape {
  static constexpr int kQueries = kQueriesAtOnce;
  static constexpr int kColumns = kMostColumns;
  static constexpr bool kQ8 = kLevels;

  // Scores: a thread takes kKeys positions and so many queries; the block as many positions as come of it.
  static constexpr int kKeys = 4;
  static constexpr int kScoreQueries = kQueries < 4 ? kQueries : 4;
  static constexpr int kKeyThreads = kAttentionThreads * kScoreQueries / kQueries;  // of a query
  static constexpr int kChunkTokens = kKeys * kKeyThreads;
  static constexpr int kTilesOfChunk = kChunkTokens / kTileTokens;
  static_assert(kSplitTokens % kChunkTokens == 0 && kKvGroup % kKeys == 0);

  // Values: a thread takes two columns and so many queries, one after the other.
  static constexpr int kColumnThreads = kColumns / 2;
  static constexpr int kShare =
      kQueries * kColumnThreads < kAttentionThreads ? 1 : kQueries * kColumnThreads / kAttentionThreads;
  static_assert(kScoreQueries % kShare == 0);

  // V comes through shared memory, a stage of kStageTokens at a time, kStages - 1 of them ahead: what is left
  // of 48 KiB beside queries and scores.
  static constexpr int kStageTokens = kColumns == 128 && kQueries == 8 ? 32 : 16;
  static constexpr int kStages = kQueries == 2 ? 9 : kQueries == 16 ? 4 : kColumns == 128 ? 3 : 2;
  static constexpr int kGroupsOfStage = kStageTokens / kKvGroup;
  static constexpr int kStageBytes =
      kGroupsOfStage *
      (kQ8 ? kKvGroup * kColumns + kColumns / kKvScaleRun * kKvGroup * 2 : kKvGroup * kColumns * 2);
  static_assert(kTileTokens % kStageTokens == 0);
};

// What has to be multiplied to a sum under maximum `from` for it to count under `to`.
QWQ_DEVICE float rescaling(float from, float to) { return from == to ? 1.0f : exponential(from - to); }

QWQ_DEVICE float half_of(uint32_t word, int i) {
  return half_to_float(static_cast<uint16_t>(word >> (16 * i) & 0xffff));
}
QWQ_DEVICE float level_of(uint32_t word, int i) {
  return static_cast<float>(static_cast<int8_t>(word >> (8 * i) & 0xff));
}

}  // namespace qwq::cuda
