#pragma once

#include <cstdint>
#include <vector>

namespace qwq {

// How rotary position embedding is stretched over longer contexts than the model was trained on.
enum class RopeScaling { kNone, kYarn };

struct RopeConfig {
  RopeScaling scaling;
  int head_dim;
  double theta;
  // The rest is read with kYarn only.
  double factor;
  double beta_fast;
  double beta_slow;
  double attention_factor;  // 0 = as the paper: 0.1 ln(factor) + 1, and 1 where factor <= 1
  int32_t original_context;
};

// The frequencies every position is multiplied with. YaRN is static: the same ones at every length.
struct Rope {
  std::vector<float> inv_freq;  // [head_dim / 2]
  float attention_factor;       // multiplies cos and sin
};

// Computed in double and rounded once.
Rope make_rope(const RopeConfig& config);

}  // namespace qwq
