// Included by the files of instruction sets only. Everything has internal linkage, so that no code compiled
// for one set is shared with another.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qwq::bench {
namespace {

// More than latency times units of any processor at hand, and few enough to stay in 16 registers.
constexpr int kChains = 12;

// Hides a value from the optimiser.
template <typename Vector>
[[gnu::always_inline]] inline Vector opaque(Vector value) {
  asm volatile("" : "+m"(value));
  return value;
}

template <typename Vector>
[[gnu::always_inline]] inline uint64_t first_word(Vector value) {
  uint64_t word;
  __builtin_memcpy(&word, &value, sizeof(word));
  return word;
}

// acc = step(acc) on kChains accumulators, which a compiler cannot know to be equal.
template <typename Vector, typename Step>
[[gnu::always_inline]] inline uint64_t run_chains(int64_t iterations, Step step) {
  Vector acc[kChains];
#pragma GCC unroll 12
  for (int c = 0; c < kChains; ++c) acc[c] = opaque(Vector{});
  for (int64_t i = 0; i < iterations; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) acc[c] = step(acc[c]);
  }
  uint64_t sum = 0;
#pragma GCC unroll 12
  for (int c = 0; c < kChains; ++c) sum += first_word(acc[c]);
  return sum;
}

template <typename Vector, int kStreams, bool kPrefetch>
uint64_t read_in_streams(const std::byte* data, size_t bytes, size_t prefetch) {
  constexpr size_t kStep = 256;
  constexpr int kVectors = kStep / sizeof(Vector);
  constexpr int kLine = 64;
  const size_t stream_bytes = bytes / kStreams / kStep * kStep;
  Vector acc = {};
  for (size_t i = 0; i < stream_bytes; i += kStep) {
#pragma GCC unroll 8
    for (int s = 0; s < kStreams; ++s) {
      const std::byte* from = data + static_cast<size_t>(s) * stream_bytes + i;
      if constexpr (kPrefetch) {
        for (size_t line = 0; line < kStep; line += kLine) __builtin_prefetch(from + prefetch + line, 0, 3);
      }
      const Vector* vectors = reinterpret_cast<const Vector*>(from);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) acc ^= vectors[v];
    }
  }
  return first_word(acc);
}

template <typename Vector>
uint64_t read_probe(const std::byte* data, size_t bytes, int streams, size_t prefetch) {
  const bool ahead = prefetch != 0;
  switch (streams) {
    case 1:
      return ahead ? read_in_streams<Vector, 1, true>(data, bytes, prefetch)
                   : read_in_streams<Vector, 1, false>(data, bytes, 0);
    case 2:
      return ahead ? read_in_streams<Vector, 2, true>(data, bytes, prefetch)
                   : read_in_streams<Vector, 2, false>(data, bytes, 0);
    case 4:
      return ahead ? read_in_streams<Vector, 4, true>(data, bytes, prefetch)
                   : read_in_streams<Vector, 4, false>(data, bytes, 0);
    default:
      return ahead ? read_in_streams<Vector, 8, true>(data, bytes, prefetch)
                   : read_in_streams<Vector, 8, false>(data, bytes, 0);
  }
}

}  // namespace
}  // namespace qwq::bench
