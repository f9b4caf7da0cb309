// Activations of the int8 recipe: int8 with a scale for each 32 elements, by the rule of
// kernels/cpu/activations.h, to the bit.
#pragma once

#include "kernels/cuda/formats/weight_block.cuh"

namespace qwq::cuda {

// Rows are padded with zeros to whole groups of 256.
struct ActivationSizes {
  int64_t n_rows;
  int64_t groups;  // of a row

  ActivationSizes(int64_t n_rows, int64_t cols) : n_rows(n_rows), groups(ceil_div(cols, kGroupElements)) {}

  size_t words() const { return static_cast<size_t>(n_rows * groups * (kGroupElements / 4)); }
  size_t blocks() const { return static_cast<size_t>(n_rows * groups * kBlocksOfGroup); }
  size_t bytes() const { return 4 * words() + 2 * 4 * blocks(); }
};

// As they lie in scratch memory.
struct ActivationMemory {
  uint32_t* q;          // [n_rows, groups, 64] four elements a word
  float* scale;         // [n_rows, groups, 8]
  uint32_t* half_sums;  // [n_rows, groups, 8] sums of q over the first 16 elements (low half) and the last
                        // 16, int16

  ActivationMemory(std::byte* scratch, const ActivationSizes& sizes)
      : q(reinterpret_cast<uint32_t*>(scratch)),
        scale(reinterpret_cast<float*>(q + sizes.words())),
        half_sums(reinterpret_cast<uint32_t*>(scale + sizes.blocks())) {}
};

// What kernels read.
struct Activations {
  Global<const uint32_t> q;
  Global<const float> scale;
  Global<const uint32_t> half_sums;
  int64_t n_rows;
  int64_t groups;
};

inline Activations activations_in(Launch& launch, const ActivationMemory& memory,
                                  const ActivationSizes& sizes) {
  return {launch.in("activations", memory.q, sizes.words()),
          launch.in("scales", memory.scale, sizes.blocks()),
          launch.in("sums", memory.half_sums, sizes.blocks()), sizes.n_rows, sizes.groups};
}

QWQ_DEVICE int32_t low_half(uint32_t word) { return static_cast<int16_t>(word & 0xffff); }
QWQ_DEVICE int32_t high_half(uint32_t word) { return static_cast<int16_t>(word >> 16); }

}  // namespace qwq::cuda
