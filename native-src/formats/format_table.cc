#include "formats/format_table.h"

#include "formats/bf16.h"
#include "formats/f16.h"
#include "formats/f32.h"
#include "formats/iq4_nl.h"
#include "formats/iq4_xs.h"
#include "formats/q2_k.h"
#include "formats/q3_k.h"
#include "formats/q4_0.h"
#include "formats/q4_1.h"
#include "formats/q4_k.h"
#include "formats/q5_0.h"
#include "formats/q5_1.h"
#include "formats/q5_k.h"
#include "formats/q6_k.h"
#include "formats/q8_0.h"

namespace qwq {
namespace {

template <typename Format>
void dequantize_row(const std::byte* src, float* dst, int64_t n) {
  for (int64_t i = 0; i < n; i += Format::kBlockElements) {
    Format::decode(src, dst + i);
    src += Format::kBlockBytes;
  }
}

template <typename Format>
void quantize_row(const float* src, std::byte* dst, int64_t n) {
  for (int64_t i = 0; i < n; i += Format::kBlockElements) {
    Format::encode(src + i, dst);
    dst += Format::kBlockBytes;
  }
}

template <typename Format>
constexpr FormatInfo describe() {
  return {Format::kDType,      Format::kName,           Format::kBlockElements,
          Format::kBlockBytes, &dequantize_row<Format>, &quantize_row<Format>};
}

constexpr FormatInfo kFormats[] = {
    describe<F32>(),  describe<F16>(),  describe<Q4_0>(),   describe<Q4_1>(),   describe<Q5_0>(),
    describe<Q5_1>(), describe<Q8_0>(), describe<Q2_K>(),   describe<Q3_K>(),   describe<Q4_K>(),
    describe<Q5_K>(), describe<Q6_K>(), describe<IQ4_NL>(), describe<IQ4_XS>(), describe<BF16>(),
};

}  // namespace

const FormatInfo* find_format(DType dtype) {
  for (const FormatInfo& format : kFormats) {
    if (format.dtype == dtype) return &format;
  }
  return nullptr;
}

std::span<const FormatInfo> all_formats() { return kFormats; }

}  // namespace qwq
