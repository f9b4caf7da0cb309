#include "runtime/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace qwq {

namespace {

// The dimension (a real number) whose wave turns `rotations` times within the original context.
double correction_dim(const RopeConfig& c, double rotations) {
  return c.head_dim * std::log(c.original_context / (rotations * 2 * std::numbers::pi)) /
         (2 * std::log(c.theta));
}

// YaRN ("Efficient Context Window Extension of Large Language Models", section 3.2, NTK-by-parts): waves
// that turn often within the original context stay, slow ones are interpolated by 1/factor, and a linear
// ramp over the dimensions joins the two.
void apply_yarn(const RopeConfig& c, std::vector<double>& inv_freq) {
  const double low = std::max(std::floor(correction_dim(c, c.beta_fast)), 0.0);
  double high = std::min(std::ceil(correction_dim(c, c.beta_slow)), c.head_dim - 1.0);
  if (low == high) high += 0.001;  // as the published implementation: a step instead of 0/0
  for (size_t i = 0; i < inv_freq.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    inv_freq[i] = inv_freq[i] / c.factor * ramp + inv_freq[i] * (1 - ramp);
  }
}

double attention_factor(const RopeConfig& c) {
  if (c.attention_factor != 0) return c.attention_factor;
  return c.factor <= 1 ? 1.0 : 0.1 * std::log(c.factor) + 1;
}

}  // namespace

Rope make_rope(const RopeConfig& config) {
  std::vector<double> inv_freq(static_cast<size_t>(config.head_dim / 2));
  for (size_t i = 0; i < inv_freq.size(); ++i) {
    inv_freq[i] = std::pow(config.theta, -2.0 * static_cast<double>(i) / config.head_dim);
  }
  Rope rope;
  rope.attention_factor = 1;
  if (config.scaling == RopeScaling::kYarn) {
    apply_yarn(config, inv_freq);
    rope.attention_factor = static_cast<float>(attention_factor(config));
  }
  rope.inv_freq.assign(inv_freq.begin(), inv_freq.end());
  return rope;
}

}  // namespace qwq
