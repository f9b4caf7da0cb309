#include "runtime/outputs.h"

#include <algorithm>
#include <cinttypes>

#include "kernels/thread_pool.h"
#include "runtime/error.h"
#include "runtime/sampling.h"

namespace qwq {

namespace {

bool wants_target(const qwq_sequence& s, int32_t token) {
  return s.targets != nullptr && s.targets[token] >= 0;
}
bool wants_sample(const qwq_sequence& s, int32_t token) { return token >= s.n_tokens - s.n_samples; }

OutputProblem write_row(const ModelConfig& model, const qwq_sequence& s, int32_t token, const float* logits,
                        const SamplerScratch& scratch) {
  const size_t n = static_cast<size_t>(model.vocab_size);
  if (!all_finite(logits, n)) return OutputProblem::kNotFinite;
  if (float* raw = raw_logits(model, s, token)) std::copy(logits, logits + n, raw);
  if (!wants_target(s, token) && !wants_sample(s, token)) return OutputProblem::kNone;

  const LogitsRow row{logits, model.vocab_size, model.n_token_ids, log_softmax(logits, n)};
  if (wants_target(s, token)) s.target_logprobs[token] = row.softmax.logprob(logits[s.targets[token]]);
  if (wants_sample(s, token)) {
    const int32_t index = token - (s.n_tokens - s.n_samples);
    if (!sample(row, s.sampling[index], scratch, s.sampled + index)) return OutputProblem::kAllForbidden;
  }
  return OutputProblem::kNone;
}

[[noreturn]] void report(const OutputRow& row) {
  if (row.problem == OutputProblem::kAllForbidden) {
    invalid("sequences[%" PRId32 "].sampling: bias, mask and padding forbid every token after tokens[%" PRId32
            "]",
            row.sequence, row.token);
  }
  fail(QWQ_WEIGHTS_DAMAGED,
       "sequences[%" PRId32 "]: the logits after tokens[%" PRId32 "] are not finite; the weights are damaged",
       row.sequence, row.token);
}

}  // namespace

float* raw_logits(const ModelConfig& model, const qwq_sequence& sequence, int32_t token) {
  const int64_t index = token - (sequence.n_tokens - sequence.n_logits);
  return index < 0 ? nullptr : sequence.logits + index * model.vocab_size;
}

bool wants_logits(const qwq_sequence& sequence, int32_t token) {
  return token >= sequence.n_tokens - sequence.n_logits || wants_target(sequence, token) ||
         wants_sample(sequence, token);
}

void sample_on_host(OpContext& op, const ModelConfig& model, const qwq_batch& batch, OutputRow* rows,
                    int64_t n_rows, const float* logits, const Workspace& workspace) {
  const int64_t n_tasks = std::min<int64_t>(n_rows, workspace.n_samplers);
  op.pool->parallel_for(n_tasks, [&](int64_t task, int) {
    for (int64_t i = task; i < n_rows && !op.cancelled(); i += n_tasks) {
      rows[i].problem = write_row(model, batch.sequences[rows[i].sequence], rows[i].token,
                                  logits + i * model.vocab_size, workspace.samplers[task]);
    }
  });
  if (op.cancelled()) fail(QWQ_CANCELLED, "the step was cancelled");
}

void report_problems(const OutputRow* rows, int64_t n_rows) {
  for (int64_t i = 0; i < n_rows; ++i) {
    if (rows[i].problem != OutputProblem::kNone) report(rows[i]);
  }
}

}  // namespace qwq
