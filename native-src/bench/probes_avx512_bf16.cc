#include <immintrin.h>

#include "bench/chains.h"
#include "bench/probes.h"

namespace qwq::bench {
namespace {

uint64_t dot_bf16(int64_t iterations) {
  const __m512bh x = reinterpret_cast<__m512bh>(opaque(_mm512_set1_epi16(0x3f00)));  // 0.5
  return run_chains<__m512>(iterations, [=](__m512 acc) { return _mm512_dpbf16_ps(acc, x, x); });
}

constexpr ArithmeticProbe kArithmetic[] = {
    {"bf16 vdpbf16ps, 512 bits", kChains * 64.0, &dot_bf16, true},
};

bool usable() { return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bf16") != 0; }

}  // namespace

const IsaProbes kAvx512Bf16Probes = {"avx512_bf16", &usable, kArithmetic, nullptr};

}  // namespace qwq::bench
