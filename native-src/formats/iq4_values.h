// The sixteen values that the 4-bit levels of IQ4_NL and IQ4_XS stand for: denser around zero, where most
// weights are.
#pragma once

#include <cstdint>

namespace qwq {

// Not inline: files compiled for different instruction sets share no symbols, constants included.
constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

}  // namespace qwq
