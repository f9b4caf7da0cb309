#include <immintrin.h>

#include "bench/chains.h"
#include "bench/probes.h"

namespace qwq::bench {
namespace {

using Words = uint64_t __attribute__((vector_size(64), may_alias));

uint64_t fma_f32(int64_t iterations) {
  const __m512 x = opaque(_mm512_set1_ps(0.5f));
  return run_chains<__m512>(iterations, [=](__m512 acc) { return _mm512_fmadd_ps(acc, x, x); });
}

uint64_t dot_int8(int64_t iterations) {
  const __m512i x = opaque(_mm512_set1_epi8(1));
  return run_chains<__m512i>(iterations, [=](__m512i acc) { return _mm512_dpbusd_epi32(acc, x, x); });
}

constexpr ArithmeticProbe kArithmetic[] = {
    {"f32 FMA, 512 bits", kChains * 32.0, &fma_f32, false},
    {"int8 vpdpbusd, 512 bits", kChains * 128.0, &dot_int8, true},
};

bool usable() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vnni") != 0;
}

}  // namespace

const IsaProbes kAvx512VnniProbes = {"avx512_vnni", &usable, kArithmetic, &read_probe<Words>};

}  // namespace qwq::bench
