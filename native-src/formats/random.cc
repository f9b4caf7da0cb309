#include "formats/random.h"

#include <algorithm>
#include <bit>

#include "formats/lanes.h"

namespace qwq {
namespace {

// The fourth word keeps them apart from the draws of counter_hash.
std::array<uint32_t, 4> normal_block(uint64_t key, uint64_t index) {
  return philox4x32(key, {static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), 0, 1});
}

// ln of u in [2^-33, 1): u = m * 2^e with m in [sqrt(1/2), sqrt(2)), ln m by the series of atanh in
// z = (m - 1) / (m + 1), |z| < 0.1716; the first term left out is below 2e-8.
Float4 log4(Float4 u) {
  const Int4 bits = std::bit_cast<Int4>(u);
  const Int4 exponent = (bits - 0x3f3504f3) >> 23;
  const Float4 m = std::bit_cast<Float4>(bits - (exponent << 23));
  const Float4 z = (m - 1.0f) / (m + 1.0f);
  const Float4 z2 = z * z;
  const Float4 series = ((z2 * (2.0f / 7.0f) + 2.0f / 5.0f) * z2 + 2.0f / 3.0f) * z2 + 2.0f;
  return __builtin_convertvector(exponent, Float4) * 0.693147181f + z * series;
}

// sin and cos of 2 pi t for t in [-1/2, 1/2). With r = t - q/4 the angle is at most pi/4 off a multiple q
// of pi/2; Taylor to degree 7 and 8, errors below 4e-7.
void sincos_turns4(Float4 t, Float4* sine, Float4* cosine) {
  const Float4 quarter = round4(t * 4.0f);
  const Float4 a = (t - quarter * 0.25f) * 6.28318531f;
  const Float4 a2 = a * a;
  const Float4 s = a * (((a2 * (-1.0f / 5040) + 1.0f / 120) * a2 - 1.0f / 6) * a2 + 1.0f);
  const Float4 c = (((a2 * (1.0f / 40320) - 1.0f / 720) * a2 + 1.0f / 24) * a2 - 0.5f) * a2 + 1.0f;
  const Int4 q = __builtin_convertvector(quarter, Int4);
  const Int4 odd = -(q & 1);
  const Int4 sine_sign = (q & 2) << 30;
  const Int4 cosine_sign = ((q + 1) & 2) << 30;
  const Float4 swapped_sine = odd ? c : s;
  const Float4 swapped_cosine = odd ? s : c;
  *sine = std::bit_cast<Float4>(std::bit_cast<Int4>(swapped_sine) ^ sine_sign);
  *cosine = std::bit_cast<Float4>(std::bit_cast<Int4>(swapped_cosine) ^ cosine_sign);
}

Float4 sqrt4(Float4 v) {
  return Float4{__builtin_sqrtf(v[0]), __builtin_sqrtf(v[1]), __builtin_sqrtf(v[2]), __builtin_sqrtf(v[3])};
}

constexpr uint64_t kGroup = 8;  // normals made together, from two Philox blocks

void normal_group(uint64_t seed, uint64_t group, float stddev, float* out) {
  const std::array<uint32_t, 4> a = normal_block(seed, 2 * group);
  const std::array<uint32_t, 4> b = normal_block(seed, 2 * group + 1);
  // The radius needs small probabilities, hence all 32 bits, and never 0: (n + 1/2) / 2^32. Conversion goes
  // through halves since the vector instructions convert signed integers only.
  const UInt4 radius_bits = {a[0], a[1], b[0], b[1]};
  const UInt4 angle_bits = {a[2], a[3], b[2], b[3]};
  const Float4 high = __builtin_convertvector(std::bit_cast<Int4>(radius_bits >> 16), Float4);
  const Float4 low = __builtin_convertvector(std::bit_cast<Int4>(radius_bits & 0xffff), Float4);
  const Float4 u = min4(high * 0x1p-16f + (low + 0.5f) * 0x1p-32f, splat4(0x1.fffffep-1f));
  const Float4 turns = __builtin_convertvector(std::bit_cast<Int4>(angle_bits), Float4) * 0x1p-32f;
  Float4 sine;
  Float4 cosine;
  sincos_turns4(turns, &sine, &cosine);
  const Float4 radius = sqrt4(-2.0f * log4(u)) * stddev;
  store4(out, radius * cosine);
  store4(out + 4, radius * sine);
}

}  // namespace

void fill_normal(uint64_t seed, uint64_t offset, float stddev, float* dst, uint64_t count) {
  uint64_t done = 0;
  while (done < count) {
    const uint64_t index = offset + done;
    const uint64_t skip = index % kGroup;
    const uint64_t take = std::min(kGroup - skip, count - done);
    if (take == kGroup) {
      normal_group(seed, index / kGroup, stddev, dst + done);
    } else {
      float group[kGroup];
      normal_group(seed, index / kGroup, stddev, group);
      std::copy_n(group + skip, take, dst + done);
    }
    done += take;
  }
}

}  // namespace qwq
