#pragma once

#include <cstdint>

#include "qwq.h"

namespace qwq {

// Checks the ranges documented at struct qwq_sampling. Throws Error(QWQ_INVALID_ARGUMENT) naming `sequence`
// (its index in the batch) and the field. `marks` [ceil(vocab_size / 32)] is all 0 before and after.
void check_sampling(const qwq_sampling& sampling, int sequence, int64_t vocab_size, uint32_t* marks);

}  // namespace qwq
