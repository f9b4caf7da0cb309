#pragma once

#include "kernels/cpu/int8/panel.h"
#include "kernels/cpu/int8/x86_unpack.h"
#include "kernels/cpu/vec_avx512_vnni.h"

namespace qwq::cpu {

template <>
struct Int8Panel<Avx512Vnni> {
  static constexpr bool kUsable = true;
  static constexpr bool kTiles = false;
  static constexpr int kRows = 16;
  static constexpr int kMaxVectors = 3;
  static constexpr int features_of_tile([[maybe_unused]] int n_vectors) { return n_vectors == 1 ? 8 : 4; }
  static constexpr int kMinRows = 6;
  using I = __m512i;

  // Levels are unsigned bytes; signed ones are moved up by 128.
  template <class Format>
  static constexpr int kShift = Int8Format<Format>::kSigned ? 128 : Int8Format<Format>::kOffset;

  QWQ_INLINE static void begin() {}
  QWQ_INLINE static void end() {}
  QWQ_INLINE static I zero() { return _mm512_setzero_si512(); }
  QWQ_INLINE static I set1(int32_t v) { return _mm512_set1_epi32(v); }
  QWQ_INLINE static I load(const int32_t* p) { return _mm512_loadu_si512(p); }
  QWQ_INLINE static I add(I a, I b) { return _mm512_add_epi32(a, b); }
  QWQ_INLINE static I mul(I a, I b) { return _mm512_mullo_epi32(a, b); }
  template <int n>
  QWQ_INLINE static I times_minus(I v) {
    return _mm512_sub_epi32(zero(), _mm512_slli_epi32(v, __builtin_ctz(n)));
  }
  QWQ_INLINE static __m512 to_float(I v) { return _mm512_cvtepi32_ps(v); }

  QWQ_INLINE static void store_transposed(const __m512 (&c)[4], float* out, int64_t stride) {
    const __m512 low01 = _mm512_unpacklo_ps(c[0], c[1]);
    const __m512 low23 = _mm512_unpacklo_ps(c[2], c[3]);
    const __m512 high01 = _mm512_unpackhi_ps(c[0], c[1]);
    const __m512 high23 = _mm512_unpackhi_ps(c[2], c[3]);
    // Rows 0, 4, 8, 12 in the first and so on.
    const __m512 rows[4] = {_mm512_shuffle_ps(low01, low23, 0x44), _mm512_shuffle_ps(low01, low23, 0xee),
                            _mm512_shuffle_ps(high01, high23, 0x44), _mm512_shuffle_ps(high01, high23, 0xee)};
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      _mm_storeu_ps(out + r * stride, _mm512_castps512_ps128(rows[r]));
      _mm_storeu_ps(out + (r + 4) * stride, _mm512_extractf32x4_ps(rows[r], 1));
      _mm_storeu_ps(out + (r + 8) * stride, _mm512_extractf32x4_ps(rows[r], 2));
      _mm_storeu_ps(out + (r + 12) * stride, _mm512_extractf32x4_ps(rows[r], 3));
    }
  }

  template <class Format>
  QWQ_INLINE static void unpack(const std::byte* group, PanelGroup* panel) {
    unpack_x86<Avx512Vnni, Format, Int8Format<Format>::kSigned ? 128 : 0>(group, panel);
  }

  template <class Format, int K, int N, int M>
  QWQ_INLINE static void dot(const uint8_t* const (&levels)[N], const int8_t* const (&q)[M],
                             I (&sums)[N][M]) {
#pragma GCC unroll 8
    for (int k = 0; k < K; ++k) {
      I x[M];
#pragma GCC unroll 4
      for (int m = 0; m < M; ++m) x[m] = _mm512_loadu_si512(q[m] + 64 * k);
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) {
        int32_t four;
        __builtin_memcpy(&four, levels[n] + 4 * k, sizeof(four));
        const I w = _mm512_set1_epi32(four);
#pragma GCC unroll 4
        for (int m = 0; m < M; ++m) sums[n][m] = _mm512_dpbusd_epi32(sums[n][m], w, x[m]);
      }
    }
  }
};

}  // namespace qwq::cpu
