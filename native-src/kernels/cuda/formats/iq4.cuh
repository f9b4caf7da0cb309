// The table of IQ4_NL and IQ4_XS, looked up in registers.
#pragma once

#include "formats/iq4_values.h"
#include "kernels/cuda/simt.h"

namespace qwq::cuda {

// Values 4 i .. 4 i + 3 as bytes.
constexpr uint32_t iq4_table_word(int i) {
  uint32_t word = 0;
  for (int j = 0; j < 4; ++j)
    word |= static_cast<uint32_t>(static_cast<uint8_t>(kIq4Values[4 * i + j])) << (8 * j);
  return word;
}

// Values of the four nibbles of the low half.
QWQ_DEVICE uint32_t iq4_lookup(uint32_t nibbles) {
  constexpr uint32_t kTable[4] = {iq4_table_word(0), iq4_table_word(1), iq4_table_word(2), iq4_table_word(3)};
  const uint32_t entry = nibbles & 0x7777u;
  const uint32_t lower = permute_bytes(kTable[0], kTable[1], entry);
  const uint32_t upper = permute_bytes(kTable[2], kTable[3], entry);
  // Byte i of either: of `upper` where the nibble is 8 or more.
  return permute_bytes(lower, upper, 0x3210u | (nibbles & 0x8888u) >> 1);
}

// 32 elements whose levels are in four words, low nibbles first.
QWQ_DEVICE void iq4_values(const uint32_t* words, uint32_t* q) {
  QWQ_UNROLL
  for (int i = 0; i < 4; ++i) {
    const uint32_t first = iq4_lookup(words[i]);         // low and high nibbles of bytes 0 and 1 in turn
    const uint32_t second = iq4_lookup(words[i] >> 16);  // of bytes 2 and 3
    q[i] = permute_bytes(first, second, 0x6420u);
    q[i + 4] = permute_bytes(first, second, 0x7531u);
  }
}

}  // namespace qwq::cuda
