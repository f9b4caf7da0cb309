#include <immintrin.h>

#include "bench/chains.h"
#include "bench/probes.h"

namespace qwq::bench {
namespace {

using Words = uint64_t __attribute__((vector_size(32), may_alias));

uint64_t fma_f32(int64_t iterations) {
  const __m256 x = opaque(_mm256_set1_ps(0.5f));
  return run_chains<__m256>(iterations, [=](__m256 acc) { return _mm256_fmadd_ps(acc, x, x); });
}

// The least that an int8 dot product takes: products summed in pairs, pairs summed in 16 bits. The operands
// of the product never change, which a compiler would notice.
uint64_t maddubs(int64_t iterations) {
  const __m256i x = opaque(_mm256_set1_epi8(1));
  return run_chains<__m256i>(iterations, [=](__m256i acc) {
    __m256i pairs;
    asm volatile("vpmaddubsw %1, %1, %0" : "=x"(pairs) : "x"(x));
    return _mm256_add_epi16(acc, pairs);
  });
}

constexpr ArithmeticProbe kArithmetic[] = {
    {"f32 FMA, 256 bits", kChains * 16.0, &fma_f32, false},
    {"int8 vpmaddubsw, vpaddw, 256 bits", kChains * 64.0, &maddubs, true},
};

bool usable() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }

}  // namespace

const IsaProbes kAvx2Probes = {"avx2", &usable, kArithmetic, &read_probe<Words>};

}  // namespace qwq::bench
