// The tables of the ISA variants; which exist depends on the platform. Call none before asking cpu_isas().
#pragma once

#include "kernels/backend.h"

namespace qwq::cpu {

extern const Backend generic_backend;
extern const Backend avx2_backend;
extern const Backend avx512_vnni_backend;
extern const Backend amx_backend;
extern const Backend neon_backend;
extern const Backend neon_dotprod_backend;

}  // namespace qwq::cpu
