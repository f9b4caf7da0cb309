#include "kernels/cpu/ops.h"
#include "kernels/cpu/variants.h"
#include "kernels/cpu/vec_avx2.h"

namespace qwq::cpu {

constinit const Backend avx2_backend = make_backend<Avx2>();

}  // namespace qwq::cpu
