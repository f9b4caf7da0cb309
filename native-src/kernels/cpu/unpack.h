#pragma once

#include <type_traits>

#include "kernels/cpu/visit_format.h"

namespace qwq::cpu {

// Formats whose elements stand alone and are loaded straight into vectors.
template <class Format>
inline constexpr bool kIsPlain = Format::kBlockElements == 1;

template <class V, class Format>
QWQ_INLINE typename V::F load_weights(const std::byte* p) {
  static_assert(kIsPlain<Format>);
  if constexpr (std::is_same_v<Format, F16>) {
    return V::load_f16(p);
  } else if constexpr (std::is_same_v<Format, BF16>) {
    return V::load_bf16(p);
  } else {
    return V::load(p);
  }
}

template <class V, class Format>
QWQ_INLINE typename V::F load_weights_partial(const std::byte* p, int n) {
  static_assert(kIsPlain<Format>);
  if constexpr (std::is_same_v<Format, F16>) {
    return V::load_f16_partial(p, n);
  } else if constexpr (std::is_same_v<Format, BF16>) {
    return V::load_bf16_partial(p, n);
  } else {
    return V::load_partial(p, n);
  }
}

// Decodes n elements (a whole number of blocks) from the start of a block. The formats' scalar loops become
// vector code under the flags of the including file.
template <class V, class Format>
void unpack(const std::byte* src, int64_t n, float* dst) {
  if constexpr (kIsPlain<Format>) {
    int64_t i = 0;
    for (; i + V::kLanes <= n; i += V::kLanes) {
      V::store(dst + i, load_weights<V, Format>(src + i * Format::kBlockBytes));
    }
    const int rest = static_cast<int>(n - i);
    if (rest > 0) {
      V::store_partial(dst + i, load_weights_partial<V, Format>(src + i * Format::kBlockBytes, rest), rest);
    }
  } else {
    for (int64_t i = 0; i < n; i += Format::kBlockElements) {
      Format::decode(src, dst + i);
      src += Format::kBlockBytes;
    }
  }
}

}  // namespace qwq::cpu
