#pragma once

#include "kernels/cpu/int8/panel.h"
#include "kernels/cpu/int8/x86_unpack.h"
#include "kernels/cpu/vec_avx2.h"

namespace qwq::cpu {

template <>
struct Int8Panel<Avx2> {
  static constexpr bool kUsable = true;
  static constexpr bool kTiles = false;
  static constexpr int kRows = 8;
  static constexpr int kMaxVectors = 2;
  static constexpr int features_of_tile([[maybe_unused]] int n_vectors) { return 4; }
  static constexpr int kMinRows = 5;
  using I = __m256i;

  template <class Format>
  static constexpr int kShift = Int8Format<Format>::kOffset;

  QWQ_INLINE static void begin() {}
  QWQ_INLINE static void end() {}
  QWQ_INLINE static I zero() { return _mm256_setzero_si256(); }
  QWQ_INLINE static I set1(int32_t v) { return _mm256_set1_epi32(v); }
  QWQ_INLINE static I load(const int32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  QWQ_INLINE static I add(I a, I b) { return _mm256_add_epi32(a, b); }
  QWQ_INLINE static I mul(I a, I b) { return _mm256_mullo_epi32(a, b); }
  template <int n>
  QWQ_INLINE static I times_minus(I v) {
    return _mm256_sub_epi32(zero(), _mm256_slli_epi32(v, __builtin_ctz(n)));
  }
  QWQ_INLINE static __m256 to_float(I v) { return _mm256_cvtepi32_ps(v); }

  QWQ_INLINE static void store_transposed(const __m256 (&c)[4], float* out, int64_t stride) {
    const __m256 low01 = _mm256_unpacklo_ps(c[0], c[1]);
    const __m256 low23 = _mm256_unpacklo_ps(c[2], c[3]);
    const __m256 high01 = _mm256_unpackhi_ps(c[0], c[1]);
    const __m256 high23 = _mm256_unpackhi_ps(c[2], c[3]);
    // Rows 0 and 4 in the first and so on.
    const __m256 rows[4] = {_mm256_shuffle_ps(low01, low23, 0x44), _mm256_shuffle_ps(low01, low23, 0xee),
                            _mm256_shuffle_ps(high01, high23, 0x44), _mm256_shuffle_ps(high01, high23, 0xee)};
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      _mm_storeu_ps(out + r * stride, _mm256_castps256_ps128(rows[r]));
      _mm_storeu_ps(out + (r + 4) * stride, _mm256_extractf128_ps(rows[r], 1));
    }
  }

  template <class Format>
  QWQ_INLINE static void unpack(const std::byte* group, PanelGroup* panel) {
    unpack_x86<Avx2, Format, 0>(group, panel);
  }

  // Products of two are added up in 16 bits as long as they fit, then widened.
  template <class Format, int K, int N, int M>
  QWQ_INLINE static void dot(const uint8_t* const (&levels)[N], const int8_t* const (&q)[M],
                             I (&sums)[N][M]) {
    constexpr int kFit = 32767 / (2 * 127 * Int8Format<Format>::kLargest);
    constexpr int kSteps = kFit < K ? (kFit < 1 ? 1 : 1 << (31 - __builtin_clz(kFit))) : K;
    const I ones = _mm256_set1_epi16(1);
    for (int k0 = 0; k0 < K; k0 += kSteps) {
      I pairs[N][M];
#pragma GCC unroll 8
      for (int k = k0; k < k0 + kSteps; ++k) {
        I x[M];
#pragma GCC unroll 4
        for (int m = 0; m < M; ++m)
          x[m] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q[m] + 32 * k));
#pragma GCC unroll 8
        for (int n = 0; n < N; ++n) {
          int32_t four;
          __builtin_memcpy(&four, levels[n] + 4 * k, sizeof(four));
          const I w = _mm256_set1_epi32(four);
#pragma GCC unroll 4
          for (int m = 0; m < M; ++m) {
            const I product = multiply<Format>(w, x[m]);
            pairs[n][m] = k == k0 ? product : _mm256_add_epi16(pairs[n][m], product);
            // Lest the compiler adds in another order, which would hold all products at once.
            asm("" : "+x"(pairs[n][m]));
          }
        }
      }
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) {
#pragma GCC unroll 4
        for (int m = 0; m < M; ++m) sums[n][m] = add(sums[n][m], _mm256_madd_epi16(pairs[n][m], ones));
      }
    }
  }

 private:
  template <class Format>
  QWQ_INLINE static I multiply(I w, I x) {
    if constexpr (Int8Format<Format>::kSigned) {
      // The first operand is unsigned: the sign of a weight moves to the activation.
      return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
    } else {
      return _mm256_maddubs_epi16(w, x);
    }
  }
};

}  // namespace qwq::cpu
