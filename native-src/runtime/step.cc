// One step of the engine: from a batch of token runs to logits, log-probabilities and sampled tokens.
#include <algorithm>

#include "runtime/batch_checks.h"
#include "runtime/busy_guard.h"
#include "runtime/engine.h"
#include "runtime/error.h"
#include "runtime/outputs.h"

namespace qwq {

void Engine::step(const qwq_batch& batch) {
  const BusyGuard guard(busy_);
  model_.check_undamaged();
  check_batch(batch, model_.config(), config_, w_);
  OpContext op{&pool_, batch.cancel, w_.op_scratch, w_.op_scratch_bytes, session_.get()};
  const StepRows rows = lay_out_rows(batch);
  forward_.run_layers(op, rows);
  compute_outputs(op, batch, rows.prompt);
  compute_outputs(op, batch, rows.generated);
  model_.check_undamaged();
}

StepRows Engine::lay_out_rows(const qwq_batch& batch) {
  StepRows rows;
  rows.prompt = append_rows(batch, QWQ_ROLE_PROMPT, Recipe::kPrefill, 0);
  rows.generated = append_rows(batch, QWQ_ROLE_GENERATED, Recipe::kDecode, rows.prompt.count);
  return rows;
}

RowRange Engine::append_rows(const qwq_batch& batch, qwq_role role, Recipe recipe, int64_t first) {
  int64_t row = first;
  for (int32_t index = 0; index < batch.n_sequences; ++index) {
    const qwq_sequence& s = batch.sequences[index];
    if (s.role != role) continue;
    for (int32_t i = 0; i < s.n_tokens; ++i, ++row) {
      w_.tokens[row] = s.tokens[i];
      w_.positions[row] = s.position + i;
      w_.attention[row] = {s.block_table, s.position + i};
      w_.outputs[row] = {static_cast<int32_t>(row), index, i, OutputProblem::kNone};
    }
  }
  return {first, row - first, recipe};
}

// Logits of the rows that need them, a few at a time.
void Engine::compute_outputs(OpContext& op, const qwq_batch& batch, const RowRange& rows) {
  OutputRow* first = w_.outputs + rows.first;
  OutputRow* last = std::remove_if(first, first + rows.count, [&](const OutputRow& row) {
    return !wants_logits(batch.sequences[row.sequence], row.token);
  });
  while (first != last) {
    const int64_t count = std::min<int64_t>(last - first, w_.logits_rows);
    forward_.compute_logits(op, first, count, rows.recipe);
    write_outputs(op, model_.config(), batch, first, count, w_);
    first += count;
  }
}

}  // namespace qwq
