#include "formats/q4_k.h"

#include "formats/super_block.h"

namespace qwq {

void Q4_K::pack_scales(const uint8_t* scales, const uint8_t* minimums, std::byte* block) {
  std::byte* packed = block + kScales;
  for (int j = 0; j < 4; ++j) {
    store(packed + j, static_cast<uint8_t>(scales[j] | ((scales[j + 4] >> 4) << 6)));
    store(packed + 4 + j, static_cast<uint8_t>(minimums[j] | ((minimums[j + 4] >> 4) << 6)));
    store(packed + 8 + j, static_cast<uint8_t>((scales[j + 4] & 15) | ((minimums[j + 4] & 15) << 4)));
  }
}

void Q4_K::encode(const float* src, std::byte* block) {
  alignas(16) float x[256];
  copy_clamped<256>(src, x);
  AffineSuperBlock<32> fit;
  fit_affine_super_block(x, 15, 63, &fit);
  store(block, fit.d);
  store(block + 2, fit.dmin);
  pack_scales(fit.scales, fit.minimums, block);
  for (int pair = 0; pair < 4; ++pair) {
    const uint8_t* lower = fit.levels + 64 * pair;
    for (int i = 0; i < 32; ++i) {
      store(block + kLevels + 32 * pair + i, static_cast<uint8_t>(lower[i] | (lower[i + 32] << 4)));
    }
  }
}

}  // namespace qwq
