#include "kernels/cpu/int8/neon.h"
#include "kernels/cpu/int8/panel_neon.h"
#include "kernels/cpu/ops.h"
#include "kernels/cpu/variants.h"
#include "kernels/cpu/vec_neon_dotprod.h"

namespace qwq::cpu {

template <>
struct Int8<NeonDotprod> : Int8Neon<NeonDotprod> {};
template <>
struct Int8Panel<NeonDotprod> : Int8PanelNeon<NeonDotprod> {};

constinit const Backend neon_dotprod_backend = make_backend<NeonDotprod>();

}  // namespace qwq::cpu
