#include "kernels/cpu/int8/neon.h"
#include "kernels/cpu/int8/panel_neon.h"
#include "kernels/cpu/ops.h"
#include "kernels/cpu/variants.h"
#include "kernels/cpu/vec_neon.h"

namespace qwq::cpu {

template <>
struct Int8<Neon> : Int8Neon<Neon> {};
template <>
struct Int8Panel<Neon> : Int8PanelNeon<Neon> {};

constinit const Backend neon_backend = make_backend<Neon>();

}  // namespace qwq::cpu
