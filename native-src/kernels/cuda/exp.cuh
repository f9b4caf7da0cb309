#pragma once

#include "kernels/cuda/simt.h"

namespace qwq::cuda {

// exp as kernels/cpu/exp.h computes it, to the bit.
QWQ_DEVICE float exponential(float x) {
  x = -87.3f > x ? -87.3f : x;  // what is no number stays
  x = 88.3f < x ? 88.3f : x;
  const float n = round_even(x * 1.44269504f);
  float r = fma(n, -0.693359375f, x);
  r = fma(n, 2.12194440e-4f, r);
  float p = 1.0f / 5040;
  p = fma(p, r, 1.0f / 720);
  p = fma(p, r, 1.0f / 120);
  p = fma(p, r, 1.0f / 24);
  p = fma(p, r, 1.0f / 6);
  p = fma(p, r, 0.5f);
  p = fma(p, r, 1.0f);
  p = fma(p, r, 1.0f);
  return p * bits_float(static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23);
}

}  // namespace qwq::cuda
