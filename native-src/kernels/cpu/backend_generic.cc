#include "kernels/cpu/ops.h"
#include "kernels/cpu/variants.h"
#include "kernels/cpu/vec_generic.h"

namespace qwq::cpu {

constinit const Backend generic_backend = make_backend<Generic>();

}  // namespace qwq::cpu
