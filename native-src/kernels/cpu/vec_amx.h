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
    template <int t>
    QWQ_INLINE static void store(void* p, int64_t stride) {
      asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(p), "r"(stride), "i"(t) : "memory");
    }
  };
};

}  // namespace qwq::cpu
