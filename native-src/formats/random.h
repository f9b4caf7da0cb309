// Counter-based random numbers: value i of a stream is a pure function of (key, i), so streams can be split
// over threads, resumed and repeated.
//
// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
#pragma once

#include <array>
#include <cstdint>

namespace qwq {

std::array<uint32_t, 4> philox4x32(uint64_t key, std::array<uint32_t, 4> counter);

// Draw number `counter` of the stream `key`: 64 independent uniform bits.
uint64_t counter_hash(uint64_t key, uint64_t counter);

// dst[i] = normal deviate number offset + i of the stream `seed`, times stddev (Box-Muller; magnitudes up to
// 6.7 standard deviations). The same bits on every machine and for every split of a range.
void fill_normal(uint64_t seed, uint64_t offset, float stddev, float* dst, uint64_t count);

}  // namespace qwq
