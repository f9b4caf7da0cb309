#pragma once

#include "formats/iq4_nl.h"
#include "formats/iq4_xs.h"
#include "kernels/cpu/int8/avx512_levels.h"
#include "kernels/cpu/int8/x86_iq4.h"

namespace qwq::cpu {

// Levels to values, moved up by 128.
QWQ_INLINE void raised_iq4_values(__m512i (&levels)[4]) {
  const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kIq4Values));
  const __m512i raised = _mm512_broadcast_i32x4(_mm_xor_si128(values, _mm_set1_epi8(-128)));
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) levels[i] = _mm512_shuffle_epi8(raised, levels[i]);
}

template <>
struct Avx512Levels<IQ4_NL> {
  static constexpr bool kUsable = true;
  static constexpr LevelOrder kOrder = LevelOrder::kQuads;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    quads_of_nibbles(w + IQ4_NL::kLevels, IQ4_NL::kBlockBytes, levels);
    raised_iq4_values(levels);
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    return only_d_512(f16_of_blocks_512<V, IQ4_NL, 0>(w));
  }
};

template <>
struct Avx512Levels<IQ4_XS> {
  static constexpr bool kUsable = true;
  static constexpr LevelOrder kOrder = LevelOrder::kQuads;

  template <class V>
  QWQ_INLINE static void levels(const std::byte* w, __m512i (&levels)[4]) {
    quads_of_nibbles(w + IQ4_XS::kLevels, 16, levels);
    raised_iq4_values(levels);
  }
  template <class V>
  QWQ_INLINE static Avx512Scales scales(const std::byte* w) {
    return only_d_512(X86Levels<IQ4_XS>::scales<V>(w).d);
  }
};

}  // namespace qwq::cpu
