#include "formats/q5_k.h"

#include "formats/super_block.h"

namespace qwq {

void Q5_K::encode(const float* src, std::byte* block) {
  alignas(16) float x[256];
  copy_clamped<256>(src, x);
  AffineSuperBlock<32> fit;
  fit_affine_super_block(x, 31, 63, &fit);
  store(block, fit.d);
  store(block + 2, fit.dmin);
  Q4_K::pack_scales(fit.scales, fit.minimums, block);
  for (int i = 0; i < 32; ++i) {
    uint32_t high = 0;
    for (int j = 0; j < 8; ++j) high |= static_cast<uint32_t>(fit.levels[32 * j + i] >> 4) << j;
    store(block + kHighBits + i, static_cast<uint8_t>(high));
  }
  for (int pair = 0; pair < 4; ++pair) {
    const uint8_t* lower = fit.levels + 64 * pair;
    for (int i = 0; i < 32; ++i) {
      store(block + kLevels + 32 * pair + i,
            static_cast<uint8_t>((lower[i] & 15) | ((lower[i + 32] & 15) << 4)));
    }
  }
}

}  // namespace qwq
