// Counter-based random numbers: value i of a stream is a pure function of (key, i), so streams can be split
// over threads, resumed and repeated.
//
// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
#pragma once

#include <array>
#include <cstdint>

namespace qwq {

inline std::array<uint32_t, 4> philox4x32(uint64_t key, std::array<uint32_t, 4> counter) {
  uint32_t key0 = static_cast<uint32_t>(key);
  uint32_t key1 = static_cast<uint32_t>(key >> 32);
  auto [c0, c1, c2, c3] = counter;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xd2511f53} * c0;
    const uint64_t product1 = uint64_t{0xcd9e8d57} * c2;
    c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ key0;
    c1 = static_cast<uint32_t>(product1);
    c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ key1;
    c3 = static_cast<uint32_t>(product0);
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
  return {c0, c1, c2, c3};
}

// Draw number `counter` of the stream `key`: 64 independent uniform bits.
inline uint64_t counter_hash(uint64_t key, uint64_t counter) {
  // The fourth word keeps the streams of different uses apart; fill_normal has 1.
  const std::array<uint32_t, 4> words =
      philox4x32(key, {static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0, 0});
  return words[0] | static_cast<uint64_t>(words[1]) << 32;
}

// dst[i] = normal deviate number offset + i of the stream `seed`, times stddev (Box-Muller; magnitudes up to
// 6.7 standard deviations). The same bits on every machine and for every split of a range.
void fill_normal(uint64_t seed, uint64_t offset, float stddev, float* dst, uint64_t count);

}  // namespace qwq
