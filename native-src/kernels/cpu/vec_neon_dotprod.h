#pragma once

#include "kernels/cpu/vec_neon.h"

namespace qwq::cpu {

// With the dot products of bytes that ARMv8.2 has as an option.
struct NeonDotprod : Neon {
  static constexpr const char* kName = "neon_dotprod";

  static constexpr bool kDotsFours = true;

  // acc[i] += the four bytes of x in lane i times the four of w in lane `lane`.
  template <int lane>
  QWQ_INLINE static int32x4_t dot_fours(int32x4_t acc, int8x16_t x, int8x16_t w) {
    return vdotq_laneq_s32(acc, x, w, lane);
  }

  template <int largest>
  QWQ_INLINE static int32x4_t dot_half(int8x16_t levels, int8x16_t q) {
    return vdotq_s32(vdupq_n_s32(0), levels, q);
  }
  template <int largest>
  QWQ_INLINE static int32x4_t dot_block(int8x16_t first, int8x16_t last, int8x16_t q_first,
                                        int8x16_t q_last) {
    return vdotq_s32(vdotq_s32(vdupq_n_s32(0), first, q_first), last, q_last);
  }
};

}  // namespace qwq::cpu
