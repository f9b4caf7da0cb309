// From a dtype to the template instantiation of its format.
#pragma once

#include "formats/bf16.h"
#include "formats/f16.h"
#include "formats/f32.h"
#include "kernels/cuda/formats/blocks.cuh"
#include "kernels/cuda/formats/low_bits.cuh"
#include "kernels/cuda/formats/super_blocks.cuh"

namespace qwq::cuda {

// Formats that hold floats.
template <class Format>
inline constexpr bool kIsPlain = Format::kBlockElements == 1;

// Calls visitor.run<Format>(). False for a dtype that is none.
template <typename Visitor>
bool visit_format(DType dtype, Visitor&& visitor) {
  switch (dtype) {
    case DType::kF32:
      visitor.template run<F32>();
      return true;
    case DType::kF16:
      visitor.template run<F16>();
      return true;
    case DType::kBF16:
      visitor.template run<BF16>();
      return true;
    case DType::kQ4_0:
      visitor.template run<Q4_0>();
      return true;
    case DType::kQ4_1:
      visitor.template run<Q4_1>();
      return true;
    case DType::kQ5_0:
      visitor.template run<Q5_0>();
      return true;
    case DType::kQ5_1:
      visitor.template run<Q5_1>();
      return true;
    case DType::kQ8_0:
      visitor.template run<Q8_0>();
      return true;
    case DType::kQ2_K:
      visitor.template run<Q2_K>();
      return true;
    case DType::kQ3_K:
      visitor.template run<Q3_K>();
      return true;
    case DType::kQ4_K:
      visitor.template run<Q4_K>();
      return true;
    case DType::kQ5_K:
      visitor.template run<Q5_K>();
      return true;
    case DType::kQ6_K:
      visitor.template run<Q6_K>();
      return true;
    case DType::kIQ4_NL:
      visitor.template run<IQ4_NL>();
      return true;
    case DType::kIQ4_XS:
      visitor.template run<IQ4_XS>();
      return true;
  }
  return false;
}

}  // namespace qwq::cuda
