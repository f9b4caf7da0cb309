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
  OpContext op{&pool_, batch.cancel, w_.op_scratch, w_.op_scratch_bytes};
  const StepTable step = lay_out_rows(batch);
  run_stages(op, step);
  compute_outputs(op, batch, 0, step.n_prompt_outputs, Recipe::kPrefill);
  compute_outputs(op, batch, step.n_prompt_outputs, step.n_generated_outputs, Recipe::kDecode);
  model_.check_undamaged();
}

StepTable Engine::lay_out_rows(const qwq_batch& batch) {
  StepTable step = {};
  append_rows(batch, QWQ_ROLE_PROMPT, &step);
  step.n_prompt = step.n_generated;
  step.n_prompt_outputs = step.n_generated_outputs;
  step.n_generated = 0;
  step.n_generated_outputs = 0;
  append_rows(batch, QWQ_ROLE_GENERATED, &step);
  step.rows = w_.attention;
  step.positions = w_.positions;
  step.output_rows = w_.output_rows;
  step.outputs = w_.outputs;
  step.batch = &batch;
  return step;
}

// Counts what it appends as generated.
void Engine::append_rows(const qwq_batch& batch, qwq_role role, StepTable* step) {
  int64_t row = step->n_rows();
  int64_t output = step->n_outputs();
  for (int32_t index = 0; index < batch.n_sequences; ++index) {
    const qwq_sequence& s = batch.sequences[index];
    if (s.role != role) continue;
    for (int32_t i = 0; i < s.n_tokens; ++i, ++row) {
      w_.tokens[row] = s.tokens[i];
      w_.positions[row] = s.position + i;
      w_.attention[row] = {s.block_table, s.position + i};
      if (!wants_logits(s, i)) continue;
      w_.output_rows[output] = static_cast<int32_t>(row);
      w_.outputs[output++] = {index, i, OutputProblem::kNone};
    }
  }
  step->n_generated = row - step->n_prompt;
  step->n_generated_outputs = output - step->n_prompt_outputs;
}

// The residual stream from the embedding through all layers.
void Engine::run_stages(OpContext& op, const StepTable& step) {
  float* hidden = stages_.front()->hidden_input();
  config_.host->embed(op, {&model_.token_embd(), w_.tokens, step.n_rows(), hidden});
  stop_if_failed(op);
  for (size_t i = 0; i < stages_.size(); ++i) {
    if (i > 0) stages_[i - 1]->read_hidden(stages_[i]->hidden_input(), step.n_rows());
    stages_[i]->run(op, step);
  }
}

// Logits of the rows that need them, a few at a time.
void Engine::compute_outputs(OpContext& op, const qwq_batch& batch, int64_t first, int64_t n, Recipe recipe) {
  const int64_t most = Activations::logits_rows_of(config_);
  Stage& last = *stages_.back();
  for (const int64_t end = first + n; first < end;) {
    const int64_t count = std::min(end - first, most);
    last.compute_logits(op, first, count, recipe);
    OutputRow* outputs = w_.outputs + first;
    if (last.write_outputs(first, count)) {
      for (int64_t i = 0; i < count; ++i) {
        const qwq_sequence& sequence = batch.sequences[outputs[i].sequence];
        float* raw = raw_logits(model_.config(), sequence, outputs[i].token);
        if (raw != nullptr) last.read_logits(first + i, 1, raw);
      }
    } else {
      sample_on_host(op, model_.config(), batch, outputs, count, last.host_logits(first, count), w_);
    }
    report_problems(outputs, count);
    first += count;
  }
}

}  // namespace qwq
