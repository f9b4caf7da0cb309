#pragma once

#include <cstdint>

#include "qwq.h"

namespace qwq::cuda {

// See Query::device.
int32_t query_device(const char* name, qwq_device* out, qwq_error* error);

}  // namespace qwq::cuda
