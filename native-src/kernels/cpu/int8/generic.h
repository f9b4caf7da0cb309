// The int8 recipe as it is stated, for every processor.
#pragma once

#include "kernels/cpu/activations.h"
#include "kernels/cpu/int8/affine_blocks.h"
#include "kernels/cpu/int8/blocks.h"
#include "kernels/cpu/int8/iq4.h"
#include "kernels/cpu/int8/low_bits.h"
#include "kernels/cpu/int8/super_blocks.h"

namespace qwq::cpu {

// The eight lanes of a row, and adding the products of a group to those of several rows. Variants specialise
// it; here is the plain statement.
template <class V>
struct Int8 {
  struct Lanes {
    float lane[8];
  };

  QWQ_INLINE static Lanes zero() { return {}; }
  QWQ_INLINE static float sum(const Lanes& v) {
    const float* a = v.lane;
    return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
  }

  // acc[r] += w . activations[r * stride]
  template <class Format, int R>
  QWQ_INLINE static void add_group(const std::byte* w, const ActivationGroup* activations, int64_t stride,
                                   Lanes (&acc)[R]) {
    uint8_t levels[256];
    GroupScales scales;
    Int8Format<Format>::levels(w, levels);
    Int8Format<Format>::scales(w, &scales);
    for (int r = 0; r < R; ++r) {
      for (int b = 0; b < 8; ++b)
        add_block<Format>(levels, scales, activations[r * stride], b, acc[r].lane[b]);
    }
  }

 private:
  template <class Format>
  QWQ_INLINE static int32_t dot16(const uint8_t* levels, const int8_t* q) {
    using Traits = Int8Format<Format>;
    int32_t total = 0;
    for (int i = 0; i < 16; ++i) {
      const int32_t level = Traits::kSigned ? static_cast<int8_t>(levels[i]) : levels[i] - Traits::kOffset;
      total += level * q[i];
    }
    return total;
  }

  template <class Format>
  QWQ_INLINE static void add_block(const uint8_t* levels, const GroupScales& scales, const ActivationGroup& a,
                                   int b, float& lane) {
    using Traits = Int8Format<Format>;
    const int32_t first = dot16<Format>(levels + 32 * b, a.q + 32 * b);
    const int32_t last = dot16<Format>(levels + 32 * b + 16, a.q + 32 * b + 16);
    const int32_t dot = Traits::kHalves ? scales.s[2 * b] * first + scales.s[2 * b + 1] * last : first + last;
    lane = __builtin_fmaf(static_cast<float>(dot), scales.d[b] * a.scale[b], lane);
    if constexpr (Traits::kMinimum && Traits::kHalves) {
      for (int half = 0; half < 2; ++half) {
        lane = __builtin_fmaf(scales.m[2 * b + half], a.scaled_half_sums[half][b], lane);
      }
    } else if constexpr (Traits::kMinimum) {
      lane = __builtin_fmaf(scales.m[b], a.scaled_sum[b], lane);
    }
  }
};

}  // namespace qwq::cpu
