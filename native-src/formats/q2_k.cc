#include "formats/q2_k.h"

#include "formats/super_block.h"

namespace qwq {

void Q2_K::encode(const float* src, std::byte* block) {
  alignas(16) float x[256];
  copy_clamped<256>(src, x);
  AffineSuperBlock<16> fit;
  fit_affine_super_block(x, 3, 15, &fit);
  for (int j = 0; j < 16; ++j) {
    store(block + kScales + j, static_cast<uint8_t>(fit.scales[j] | (fit.minimums[j] << 4)));
  }
  for (int half = 0; half < 2; ++half) {
    const uint8_t* q = fit.levels + 128 * half;
    for (int i = 0; i < 32; ++i) {
      store(block + kLevels + 32 * half + i,
            static_cast<uint8_t>(q[i] | (q[i + 32] << 2) | (q[i + 64] << 4) | (q[i + 96] << 6)));
    }
  }
  store(block + kScale, fit.d);
  store(block + kMinimum, fit.dmin);
}

}  // namespace qwq
