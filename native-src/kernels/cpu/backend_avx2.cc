#include "kernels/cpu/int8/panel_avx2.h"
#include "kernels/cpu/ops.h"
#include "kernels/cpu/variants.h"
#include "kernels/cpu/vec_avx2.h"

namespace qwq::cpu {

template <>
struct Int8<Avx2> : Int8X86<Avx2> {};

constinit const Backend avx2_backend = make_backend<Avx2>();

}  // namespace qwq::cpu
