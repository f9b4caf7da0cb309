// multiply_few_rows for rows of weights that begin and go on at multiples of 16 bytes: they come through
// shared memory, copied asynchronously. A load into registers is waited for with all the loads that share its
// scoreboard, the youngest too, so that a warp holds less on its way than it could; copies are waited for in
// their order, and take no registers, so that there are more warps.
//
// A warp has four rows and stages of its own: no barrier but its own. Threads compute what multiply_few_rows
// computes, in the same order.
#pragma once

#include "kernels/cuda/matmul_few_rows.cuh"

namespace qwq::cuda {

inline constexpr int kRowsOfWarp = kWarp / kBlocksOfGroup;
inline constexpr int kRowStages = 4;

template <class Format>
struct RowStage {
  static constexpr int kGroups = 2;
  static constexpr int kRowBytes = kGroups * kGroupBytes<Format>;
  static constexpr int kRowPieces = kRowBytes / 16;
  static constexpr int kPieces = kRowsOfWarp * kRowPieces;
  static constexpr int kBytes = 16 * kPieces;
  static constexpr int kCopies = (kPieces + kWarp - 1) / kWarp;  // of a thread
  static constexpr bool kPossible = kRowBytes % 16 == 0;
};

// Blocks of threads that a multiprocessor ought to hold.
template <int kRows>
inline constexpr int kStagedBlocks = kRows > 4   ? 3
                                     : kRows > 2 ? 4
                                                 : 6;

// Rows of row_bytes, a multiple of 16; cols a multiple of 256.
template <class Format, int kRows>
QWQ_KERNEL void QWQ_THREADS(kFewThreads, kStagedBlocks<kRows>)
    multiply_staged_rows(MatmulParams p, Activations x) {
  using Traits = DeviceFormat<Format>;
  using Stage = RowStage<Format>;
  constexpr int kWarps = kFewThreads / kWarp;
  QWQ_SHARED(uint32_t, memory, kWarps * kRowStages * Stage::kBytes / 4);
  const int b = thread_index() % kBlocksOfGroup;
  const int row_of_warp = lane_index() / kBlocksOfGroup;
  const int64_t first_feature = int64_t{block_x()} * kFewFeatures + warp_index() * kRowsOfWarp;
  const Shared<uint32_t> stages = memory + warp_index() * (kRowStages * Stage::kBytes / 4);

  // The pieces that this thread copies of every stage.
  int64_t from[Stage::kCopies];  // in the matrix, of stage 0
  int at[Stage::kCopies];        // in a row
  QWQ_UNROLL
  for (int i = 0; i < Stage::kCopies; ++i) {
    const int piece = i * kWarp + lane_index();
    const int64_t feature = first_feature + piece / Stage::kRowPieces;
    at[i] = piece < Stage::kPieces ? 16 * (piece % Stage::kRowPieces) : static_cast<int>(p.row_bytes);
    from[i] = (feature < p.features ? feature : p.features - 1) * p.row_bytes + at[i];
  }
  const int n_groups = static_cast<int>(x.groups);
  const int row_bytes = static_cast<int>(p.row_bytes);
  const auto copy = [&](int stage) {
    const int begin = stage * Stage::kRowBytes;
    const Shared<uint32_t> to = stages + stage % kRowStages * (Stage::kBytes / 4);
    QWQ_UNROLL
    for (int i = 0; i < Stage::kCopies; ++i) {
      if (begin + at[i] < row_bytes) {
        copy_16_async(to + (i * kWarp + lane_index()) * 4, p.weights + (from[i] + begin), 16);
      }
    }
    commit_copies();  // of none, too: they are counted
  };
  QWQ_UNROLL
  for (int stage = 0; stage < kRowStages - 1; ++stage) copy(stage);
  wait_for_earlier_launches();  // weights are there before

  float lane[kRows] = {};
  const auto add_group = [&](Shared<const uint8_t> group, int g) {
    typename Traits::Packed packed;
    WeightBlock w;
    Traits::fetch(group, b, &packed);
    Traits::unpack(packed, b, &w);
    QWQ_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const int row = r < x.n_rows ? r : static_cast<int>(x.n_rows) - 1;
      lane[r] = add_block<Format>(w, x, (row * n_groups + g) * kBlocksOfGroup + b, lane[r]);
    }
  };
  const int n_stages = static_cast<int>(ceil_div(n_groups, Stage::kGroups));
  for (int stage = 0; stage < n_stages; ++stage) {
    wait_for_copies<kRowStages - 2>();
    sync_warp();  // what others copied is there, and nobody reads the stage before any more
    copy(stage + kRowStages - 1);
    const Shared<const uint8_t> row = cast<const uint8_t>(stages + stage % kRowStages * (Stage::kBytes / 4)) +
                                      row_of_warp * Stage::kRowBytes;
    QWQ_UNROLL
    for (int i = 0; i < Stage::kGroups; ++i) {
      const int g = stage * Stage::kGroups + i;
      if (g < n_groups) add_group(row + i * kGroupBytes<Format>, g);
    }
  }
  store_few<kRows>(p, x.n_rows, first_feature + row_of_warp, b, lane);
}

}  // namespace qwq::cuda
