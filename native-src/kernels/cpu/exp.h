#pragma once

#include "formats/half.h"

namespace qwq::cpu {

// exp(x) for -87.3 <= x <= 88.3, clamped to that range outside: never zero, never infinite; NaN of NaN.
// Relative error at most 2^-22.
//
// exp(x) = 2^n exp(r) with n = round(x / ln 2), |r| <= ln(2) / 2; ln 2 is subtracted in two parts, the first
// with trailing zeros, so that n * first is exact. Taylor to r^7: what is left out is below 2^-27.
template <class V>
QWQ_INLINE typename V::F exp(typename V::F x) {
  using F = typename V::F;
  // In this order minimum and maximum give what is no number.
  x = V::min(V::set1(88.3f), V::max(V::set1(-87.3f), x));
  const F n = V::round(V::mul(x, V::set1(1.44269504f)));
  F r = V::fma(n, V::set1(-0.693359375f), x);
  r = V::fma(n, V::set1(2.12194440e-4f), r);
  F p = V::set1(1.0f / 5040);
  p = V::fma(p, r, V::set1(1.0f / 720));
  p = V::fma(p, r, V::set1(1.0f / 120));
  p = V::fma(p, r, V::set1(1.0f / 24));
  p = V::fma(p, r, V::set1(1.0f / 6));
  p = V::fma(p, r, V::set1(0.5f));
  p = V::fma(p, r, V::set1(1.0f));
  p = V::fma(p, r, V::set1(1.0f));
  return V::mul(p, V::pow2(n));
}

}  // namespace qwq::cpu
