#include "formats/q8_0.h"

#include "formats/search.h"

namespace qwq {

// With 255 levels the step that spans the range is within a few percent of the best.
void Q8_0::encode(const float* src, std::byte* block) {
  alignas(16) float x[32];
  copy_clamped<32>(src, x);
  const Range range = find_range<32>(x);
  const uint16_t d = saturate_to_f16(std::max(range.highest, -range.lowest) / 127.0f);
  const float step = f16_to_f32(d);
  uint8_t levels[32];
  assign_levels<32>(x, 0.0f, step > 0.0f ? 1.0f / step : 0.0f, -127, 127, levels);
  store(block, d);
  for (int i = 0; i < 32; ++i) store(block + kLevels + i, static_cast<int8_t>(levels[i] - 127));
}

}  // namespace qwq
