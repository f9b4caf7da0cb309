// Activations of the int8 recipe, and who multiplies them: full vectors of rows go through panels, the rest,
// and everything where there are no panels, row by row. All give the same bits.
#pragma once

#include "kernels/cpu/int8/panel.h"
#include "kernels/cpu/int8/row_wise.h"

namespace qwq::cpu {

// Rows [0, packed) are multiplied in panels, the others row by row.
template <class V>
int64_t packed_rows(int64_t n_rows) {
  if constexpr (Int8Panel<V>::kUsable) {
    constexpr int kRows = Int8Panel<V>::kRows;
    return n_rows % kRows < Int8Panel<V>::kMinRows ? n_rows / kRows * kRows : n_rows;
  }
  return 0;
}

template <class V>
size_t quantized_rows_bytes(int64_t n_rows, int64_t cols) {
  const size_t groups = static_cast<size_t>(activation_groups(cols));
  if constexpr (Int8Panel<V>::kUsable) {
    constexpr int kRows = Int8Panel<V>::kRows;
    const size_t vectors = static_cast<size_t>(ceil_div(n_rows, kRows));
    return groups * (vectors * sizeof(PackedGroup<kRows>) + Int8Panel<V>::kMinRows * sizeof(ActivationGroup));
  }
  return groups * static_cast<size_t>(n_rows) * sizeof(ActivationGroup);
}

// Rows of x in int8, in the scratch memory of a call.
template <class V>
class QuantizedRows {
 public:
  // Quantises all rows on the pool.
  QuantizedRows(OpContext& ctx, const MatmulArgs& args)
      : packed_(packed_rows<V>(args.n_rows)), groups_(activation_groups(args.cols)) {
    std::byte* memory = ctx.scratch;
    packed_groups_ = memory;
    if constexpr (Int8Panel<V>::kUsable) {
      memory += static_cast<size_t>(ceil_div(packed_, kRows) * groups_) * sizeof(PackedGroup<kRows>);
    }
    single_ = reinterpret_cast<ActivationGroup*>(memory);
    if constexpr (Int8Panel<V>::kUsable) pack(ctx, args);
    quantize_singles(ctx, args);
  }

  int64_t packed() const { return packed_; }

  // Multiplies the rows of a tile that begins at a multiple of kTaskRows.
  template <class Format>
  void multiply(const OpContext& ctx, const MatmulTile& tile, std::byte* worker_memory) const {
    const int64_t end = tile.row + tile.n_rows;
    if constexpr (Int8Panel<V>::kUsable) {
      MatmulTile panel = tile;
      panel.n_rows = smaller(packed_, end) - tile.row;
      if (panel.n_rows > 0) {
        const auto* rows =
            reinterpret_cast<const PackedGroup<kRows>*>(packed_groups_) + tile.row / kRows * groups_;
        PanelProduct<V>(panel, rows, reinterpret_cast<PanelScratch<V>*>(worker_memory))
            .template run<Format>(ctx);
      }
    }
    MatmulTile rest = tile;
    if (rest.row < packed_) rest.row = smaller(packed_, end);
    rest.n_rows = end - rest.row;
    if (rest.n_rows > 0) dot_tile_int8<V, Format>(single_ + (rest.row - packed_) * groups_, groups_, rest);
  }

 private:
  static constexpr int lanes() {
    if constexpr (Int8Panel<V>::kUsable) return Int8Panel<V>::kRows;
    return 1;
  }
  static constexpr int kRows = lanes();

  void pack(OpContext& ctx, const MatmulArgs& args) {
    auto* groups = reinterpret_cast<PackedGroup<kRows>*>(packed_groups_);
    ctx.pool->parallel_for(ceil_div(packed_, kRows) * groups_, [&](int64_t task, int) {
      const int64_t row = task / groups_ * kRows;
      pack_group<V, kRows>(args.x + row * args.cols, args.cols, smaller(kRows, packed_ - row), task % groups_,
                           groups + task);
    });
  }

  void quantize_singles(OpContext& ctx, const MatmulArgs& args) {
    constexpr int64_t kGroupsPerTask = 8;  // some microseconds, so that threads end together
    const float* x = args.x + packed_ * args.cols;
    const int64_t total = (args.n_rows - packed_) * groups_;
    ctx.pool->parallel_for(ceil_div(total, kGroupsPerTask), [&](int64_t task, int) {
      const int64_t end = smaller((task + 1) * kGroupsPerTask, total);
      for (int64_t g = task * kGroupsPerTask; g < end; ++g) {
        const int64_t column = g % groups_ * kGroupElements;
        quantize_group<V>(x + g / groups_ * args.cols + column, args.cols - column, single_ + g);
      }
    });
  }

  int64_t packed_;
  int64_t groups_;
  std::byte* packed_groups_;
  ActivationGroup* single_;
};

}  // namespace qwq::cpu
