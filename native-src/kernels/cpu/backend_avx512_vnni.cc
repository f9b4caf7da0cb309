#include "kernels/cpu/int8/avx512_vnni.h"
#include "kernels/cpu/int8/panel_avx512_vnni.h"
#include "kernels/cpu/ops.h"
#include "kernels/cpu/variants.h"
#include "kernels/cpu/vec_avx512_vnni.h"

namespace qwq::cpu {

constinit const Backend avx512_vnni_backend = make_backend<Avx512Vnni>();

}  // namespace qwq::cpu
