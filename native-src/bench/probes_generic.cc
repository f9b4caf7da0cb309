#include "bench/chains.h"
#include "bench/probes.h"

namespace qwq::bench {
namespace {

using Floats = float __attribute__((vector_size(16)));
using Words = uint64_t __attribute__((vector_size(16), may_alias));

// Contraction is off: two instructions, as the generic kernels have it.
uint64_t multiply_add(int64_t iterations) {
  const Floats x = opaque(Floats{1.5f, 1.5f, 1.5f, 1.5f});
  const Floats factor = opaque(Floats{0.5f, 0.5f, 0.5f, 0.5f});
  return run_chains<Floats>(iterations, [=](Floats acc) { return acc * factor + x; });
}

constexpr ArithmeticProbe kArithmetic[] = {
    {"f32 multiply, add, 128 bits", kChains * 8.0, &multiply_add, true},
};

}  // namespace

const IsaProbes kGenericProbes = {"generic", [] { return true; }, kArithmetic, &read_probe<Words>};

}  // namespace qwq::bench
