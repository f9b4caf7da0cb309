#pragma once

#include <cstdint>

#include "kernels/backend.h"
#include "qwq.h"
#include "runtime/model.h"
#include "runtime/workspace.h"

namespace qwq {

// Turns rows of logits, [n_rows, vocab], into what the batch asks for: copies of the logits,
// log-probabilities of targets, sampled tokens. Rows are independent and run on the pool's threads.
//
// Throws Error: QWQ_CANCELLED; QWQ_WEIGHTS_DAMAGED for logits that are NaN or infinite; QWQ_INVALID_ARGUMENT
// where sampling forbids every token.
void write_outputs(OpContext& op, const ModelConfig& model, const qwq_batch& batch, OutputRow* rows,
                   int64_t n_rows, const float* logits, const Workspace& workspace);

// True if the batch asks for anything of the logits after this token.
bool wants_logits(const qwq_sequence& sequence, int32_t token);

}  // namespace qwq
