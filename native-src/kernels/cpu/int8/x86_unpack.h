#pragma once

#include "kernels/cpu/int8/panel.h"
#include "kernels/cpu/int8/x86.h"

namespace qwq::cpu {

// Takes a group apart into memory, elements in their own order, `shift` taken off every level (modulo 256).
template <class V, class Format, int shift>
QWQ_INLINE void unpack_x86(const std::byte* group, PanelGroup* panel) {
  using Traits = Int8Format<Format>;
  using L = X86Levels<Format>;
  __m256i levels[8];
  L::levels(group, levels);
#pragma GCC unroll 8
  for (int b = 0; b < 8; ++b) {
    __m256i v = levels[b];
    if constexpr (shift != 0) v = _mm256_sub_epi8(v, _mm256_set1_epi8(static_cast<char>(shift)));
    uint8_t* target = panel->levels;
    if constexpr (L::kPaired) {
      target += 64 * (b / 2) + 16 * (b % 2);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(target), _mm256_castsi256_si128(v));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(target + 32), _mm256_extracti128_si256(v, 1));
    } else {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(target + 32 * b), v);
    }
  }
  const X86Scales scales = L::template scales<V>(group);
  _mm256_storeu_ps(panel->d, scales.d);
  if constexpr (Traits::kMinimum) _mm256_storeu_ps(panel->m[0], scales.m[0]);
  if constexpr (Traits::kHalves) {
    for (int half = 0; half < 2; ++half) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(panel->s[half]), scales.s[half]);
      if constexpr (Traits::kMinimum) _mm256_storeu_ps(panel->m[half], scales.m[half]);
    }
  }
}

}  // namespace qwq::cpu
