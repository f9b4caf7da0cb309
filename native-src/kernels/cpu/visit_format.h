#pragma once

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

namespace qwq::cpu {

// Calls visitor.template operator()<Format>() with the trait of a dtype: the one place of the backend that
// tells formats apart at run time. Every dtype find_format knows is here, as the tests assert.
template <typename Visitor>
QWQ_INLINE auto visit_format(DType dtype, Visitor&& visitor) {
  switch (dtype) {
    case DType::kF16:
      return visitor.template operator()<F16>();
    case DType::kQ4_0:
      return visitor.template operator()<Q4_0>();
    case DType::kQ4_1:
      return visitor.template operator()<Q4_1>();
    case DType::kQ5_0:
      return visitor.template operator()<Q5_0>();
    case DType::kQ5_1:
      return visitor.template operator()<Q5_1>();
    case DType::kQ8_0:
      return visitor.template operator()<Q8_0>();
    case DType::kQ2_K:
      return visitor.template operator()<Q2_K>();
    case DType::kQ3_K:
      return visitor.template operator()<Q3_K>();
    case DType::kQ4_K:
      return visitor.template operator()<Q4_K>();
    case DType::kQ5_K:
      return visitor.template operator()<Q5_K>();
    case DType::kQ6_K:
      return visitor.template operator()<Q6_K>();
    case DType::kIQ4_NL:
      return visitor.template operator()<IQ4_NL>();
    case DType::kIQ4_XS:
      return visitor.template operator()<IQ4_XS>();
    case DType::kBF16:
      return visitor.template operator()<BF16>();
    case DType::kF32:
      break;
  }
  return visitor.template operator()<F32>();
}

}  // namespace qwq::cpu
