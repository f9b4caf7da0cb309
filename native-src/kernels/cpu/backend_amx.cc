#include "kernels/cpu/int8/avx512_vnni.h"
#include "kernels/cpu/int8/panel_amx.h"
#include "kernels/cpu/ops.h"
#include "kernels/cpu/tile_prefill_amx.h"
#include "kernels/cpu/variants.h"
#include "kernels/cpu/vec_amx.h"

namespace qwq::cpu {

template <>
struct Int8<Amx> : Int8<Avx512Vnni> {};

template <>
struct Int8Panel<Amx> : AmxPanel<Amx> {};

template <>
struct TilePrefill<Amx> : AmxPrefill<Amx> {};

constinit const Backend amx_backend = make_backend<Amx>();

}  // namespace qwq::cpu
