#pragma once

#include "kernels/cpu/vec_avx512_vnni.h"

namespace qwq::cpu {

// AVX-512 with VNNI, and the matrix units for panels of the int8 recipe.
struct Amx : Avx512Vnni {
  static constexpr const char* kName = "amx";

  // Written out, because the compiler's intrinsics take the numbers of tiles as text.
  struct Tiles {
    template <typename Config>
    QWQ_INLINE static void configure(const Config& config) {
      asm volatile("ldtilecfg %0" : : "m"(config));
    }
    QWQ_INLINE static void release() { asm volatile("tilerelease"); }

    template <int t>
    QWQ_INLINE static void zero() {
      asm volatile("tilezero %%tmm%c0" : : "i"(t));
    }
    template <int t>
    QWQ_INLINE static void load(const void* p, int64_t stride) {
      asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(p), "r"(stride), "i"(t) : "memory");
    }
    // sums += weights (signed bytes) times rows (signed bytes)
    template <int sums, int weights, int rows>
    QWQ_INLINE static void dot() {
      asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sums), "i"(weights), "i"(rows));
    }
    // sums += weights (bf16) times rows (bf16)
    template <int sums, int weights, int rows>
    QWQ_INLINE static void dot_bf16() {
      asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sums), "i"(weights), "i"(rows));
    }
    // To nearest, ties to even: `low` in the first 16 words.
    QWQ_INLINE static __m512i to_bf16(__m512 low, __m512 high) {
      __m512i words;
      asm("vcvtne2ps2bf16 %2, %1, %0" : "=v"(words) : "v"(high), "v"(low));
      return words;
    }
    template <int t>
    QWQ_INLINE static void store(void* p, int64_t stride) {
      asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(p), "r"(stride), "i"(t) : "memory");
    }
  };
};

}  // namespace qwq::cpu
