#pragma once

#include <cstdint>

#include "kernels/backend.h"
#include "qwq.h"
#include "runtime/model.h"
#include "runtime/workspace.h"

namespace qwq {

// Turns rows of logits, [n_rows, vocab], into what the batch asks for: copies of the logits,
// log-probabilities of targets, sampled tokens; notes what went wrong with a row. Rows are independent and
// run on the pool's threads. Throws Error(QWQ_CANCELLED).
void sample_on_host(OpContext& op, const ModelConfig& model, const qwq_batch& batch, OutputRow* rows,
                    int64_t n_rows, const float* logits, const Workspace& workspace);

// Throws Error for the first row with which something went wrong: QWQ_WEIGHTS_DAMAGED for logits that are NaN
// or infinite; QWQ_INVALID_ARGUMENT where sampling forbids every token.
void report_problems(const OutputRow* rows, int64_t n_rows);

// Where the batch wants the raw logits after this token; null if it does not.
float* raw_logits(const ModelConfig& model, const qwq_sequence& sequence, int32_t token);

// True if the batch asks for anything of the logits after this token.
bool wants_logits(const qwq_sequence& sequence, int32_t token);

}  // namespace qwq
