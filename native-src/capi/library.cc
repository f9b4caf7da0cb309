#include <cinttypes>
#include <cstdio>

#include "capi/boundary.h"
#include "kernels/cpu/isa.h"
#include "runtime/error.h"

using qwq::CpuIsa;

uint32_t qwq_abi_version(void) {
  return QWQ_ABI_VERSION;
}

const char* qwq_version(void) {
  return QWQ_VERSION;
}

int32_t qwq_cpu_isa_count(void) {
  return static_cast<int32_t>(qwq::cpu_isas().size());
}

int32_t qwq_cpu_isa_get(int32_t index, qwq_cpu_isa* out, qwq_error* error) {
  return qwq::guarded(error, [&] {
    qwq::require_not_null(out, "out");
    const int32_t count = qwq_cpu_isa_count();
    if (index < 0 || index >= count) {
      qwq::invalid("index: expected 0 .. %" PRId32 ", found %" PRId32, count - 1, index);
    }
    const CpuIsa& isa = qwq::cpu_isas()[static_cast<size_t>(index)];
    *out = {};
    std::snprintf(out->name, sizeof(out->name), "%s", isa.name);
    out->compiled = isa.compiled;
    out->cpu_has = isa.cpu_has;
    out->os_enabled = isa.os_enabled;
  });
}
