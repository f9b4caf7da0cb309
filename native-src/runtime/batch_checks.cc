#include "runtime/batch_checks.h"

#include <algorithm>
#include <cinttypes>

#include "runtime/error.h"
#include "runtime/sampling_checks.h"

namespace qwq {

namespace {

void require(int sequence, const char* field, const void* pointer) {
  if (pointer == nullptr) invalid("sequences[%d].%s is NULL", sequence, field);
}

void check_range(int sequence, const char* field, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high) {
    invalid("sequences[%d].%s: expected %" PRId64 " .. %" PRId64 ", found %" PRId64, sequence, field, low,
            high, value);
  }
}

void check_elements(int sequence, const char* field, const int32_t* values, int64_t n, int64_t low,
                    int64_t high) {
  for (int64_t i = 0; i < n; ++i) {
    if (values[i] < low || values[i] > high) {
      invalid("sequences[%d].%s[%" PRId64 "]: expected %" PRId64 " .. %" PRId64 ", found %" PRId32, sequence,
              field, i, low, high, values[i]);
    }
  }
}

// `end` is the position after the run.
void check_block_table(const qwq_sequence& s, int index, int64_t end, const EngineConfig& engine) {
  require(index, "block_table", s.block_table);
  const int64_t needed = (end + engine.kv_block_size - 1) / engine.kv_block_size;
  if (s.n_blocks < needed) {
    invalid("sequences[%d].n_blocks: positions up to %" PRId64 " need %" PRId64
            " blocks of %d, found %" PRId32,
            index, end - 1, needed, engine.kv_block_size, s.n_blocks);
  }
  check_elements(index, "block_table", s.block_table, needed, 0, engine.n_kv_blocks - 1);
}

void check_outputs(const qwq_sequence& s, int index, const ModelConfig& model, uint32_t* token_marks) {
  check_range(index, "n_logits", s.n_logits, 0, s.n_tokens);
  if (s.n_logits > 0) require(index, "logits", s.logits);
  if (s.targets != nullptr) {
    require(index, "target_logprobs", s.target_logprobs);
    check_elements(index, "targets", s.targets, s.n_tokens, -1, model.vocab_size - 1);
  }
  check_range(index, "n_samples", s.n_samples, 0, s.n_tokens);
  if (s.n_samples > 0) {
    require(index, "sampling", s.sampling);
    require(index, "sampled", s.sampled);
  }
  for (int32_t i = 0; i < s.n_samples; ++i) {
    check_sampling(s.sampling[i], index, model.vocab_size, token_marks);
  }
}

void check_sequence(const qwq_sequence& s, int index, const ModelConfig& model, const EngineConfig& engine,
                    Workspace& workspace) {
  check_range(index, "role", s.role, QWQ_ROLE_PROMPT, QWQ_ROLE_GENERATED);
  check_range(index, "n_tokens", s.n_tokens, 1, engine.max_batch_tokens);
  check_range(index, "position", s.position, 0, engine.max_context() - s.n_tokens);
  require(index, "tokens", s.tokens);
  check_elements(index, "tokens", s.tokens, s.n_tokens, 0, model.vocab_size - 1);
  check_block_table(s, index, static_cast<int64_t>(s.position) + s.n_tokens, engine);
  check_outputs(s, index, model, workspace.token_marks);
}

// Rows with one block table, one after the other, are taken for one sequence.
void check_tables_apart(const qwq_batch& batch) {
  int32_t previous[] = {-1, -1};  // of each role
  for (int32_t index = 0; index < batch.n_sequences; ++index) {
    const qwq_sequence& s = batch.sequences[index];
    int32_t& other = previous[s.role == QWQ_ROLE_PROMPT ? 0 : 1];
    if (other >= 0 && batch.sequences[other].block_table == s.block_table) {
      invalid("sequences[%" PRId32 "].block_table is that of sequences[%" PRId32 "], too", index, other);
    }
    other = index;
  }
}

// Two writers of one block would make the result depend on their order.
void check_writers(const qwq_batch& batch, const EngineConfig& engine, int32_t* writers) {
  constexpr int32_t kNobody = -1;
  std::fill(writers, writers + engine.n_kv_blocks, kNobody);
  for (int32_t index = 0; index < batch.n_sequences; ++index) {
    const qwq_sequence& s = batch.sequences[index];
    const int64_t last = (static_cast<int64_t>(s.position) + s.n_tokens - 1) / engine.kv_block_size;
    for (int64_t i = s.position / engine.kv_block_size; i <= last; ++i) {
      int32_t& writer = writers[s.block_table[i]];
      if (writer != kNobody) {
        invalid("sequences[%" PRId32 "].block_table[%" PRId64 "]: block %" PRId32
                " is written by sequences[%" PRId32 "] too",
                index, i, s.block_table[i], writer);
      }
      writer = index;
    }
  }
}

}  // namespace

void check_batch(const qwq_batch& batch, const ModelConfig& model, const EngineConfig& engine,
                 Workspace& workspace) {
  if (batch.n_sequences < 1 || batch.n_sequences > engine.max_sequences) {
    invalid("n_sequences: expected 1 .. %d, found %" PRId32, engine.max_sequences, batch.n_sequences);
  }
  if (batch.sequences == nullptr) invalid("sequences is NULL");
  int64_t n_tokens = 0;
  for (int32_t i = 0; i < batch.n_sequences; ++i) {
    check_sequence(batch.sequences[i], i, model, engine, workspace);
    n_tokens += batch.sequences[i].n_tokens;
  }
  if (n_tokens > engine.max_batch_tokens) {
    invalid("the sequences have %" PRId64 " tokens together, expected at most max_batch_tokens = %d",
            n_tokens, engine.max_batch_tokens);
  }
  check_tables_apart(batch);
  check_writers(batch, engine, workspace.block_writers);
}

}  // namespace qwq
