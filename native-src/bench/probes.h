// Loops that do nothing but what they measure, one file for each instruction set. Call one only after
// usable() said yes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace qwq::bench {

// Keeps every arithmetic unit of an instruction busy: independent chains, operands in registers unless the
// name says otherwise.
struct ArithmeticProbe {
  const char* name;
  double ops_per_iteration;             // a multiplication and an addition are two
  uint64_t (*run)(int64_t iterations);  // the result only keeps the compiler from dropping the work
  bool reference;                       // shares of the instruction set's limit are given of this one
};

// Reads `bytes` from `data` (64-byte aligned) as `streams` (1, 2, 4 or 8) equal pieces side by side, with T0
// prefetches `prefetch` bytes ahead of each (0: none). What does not fill a step of all streams is left out.
using ReadProbe = uint64_t (*)(const std::byte* data, size_t bytes, int streams, size_t prefetch);

struct IsaProbes {
  const char* isa;  // as the cpu backend names it, where it has a variant
  bool (*usable)();
  std::span<const ArithmeticProbe> arithmetic;
  ReadProbe read;  // null: the one of a lesser set serves
};

extern const IsaProbes kGenericProbes;
#if defined(__x86_64__)
extern const IsaProbes kAvx2Probes;
extern const IsaProbes kAvx512VnniProbes;
extern const IsaProbes kAvx512Bf16Probes;
extern const IsaProbes kAmxProbes;
#endif

}  // namespace qwq::bench
