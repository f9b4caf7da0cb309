#include "kernels/cuda/step_rows.h"

#include <algorithm>
#include <bit>

namespace qwq::cuda {

namespace {

constexpr int64_t kRowsMultiple = 8;

// Captured steps are launched for a number of tokens of the longest sequence that is this times a power of
// two: what a launch depends on are splits of so many tokens.
constexpr int64_t kRangeTokens = 1024;

int64_t filled(int64_t n_rows) {
  return n_rows <= kRowsMultiple ? n_rows : ceil_div(n_rows, kRowsMultiple) * kRowsMultiple;
}

int64_t range_of(int64_t n_tokens) {
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(ceil_div(n_tokens, kRangeTokens)))) *
         kRangeTokens;
}

}  // namespace

size_t StepRows::section_ints(const OpLimits& limits) {
  return static_cast<size_t>(ceil_div(limits.max_rows + 1, 64) * 64);
}

size_t StepRows::table_ints(const OpLimits& limits) {
  const int64_t sequences = std::min(limits.max_sequences, limits.max_rows);
  return static_cast<size_t>(sequences * ceil_div(limits.max_context, limits.kv_block_size) + 1);
}

size_t StepRows::bytes(const OpLimits& limits) {
  return device_bytes((kTables * section_ints(limits) + table_ints(limits)) * sizeof(int32_t));
}

StepRows::StepRows(Device& device, const OpLimits& limits, int32_t spare_block)
    : device_(device),
      limits_(limits),
      spare_block_(spare_block),
      section_ints_(section_ints(limits)),
      host_memory_(device, bytes(limits), "the rows of a step"),
      memory_(device, bytes(limits), "the rows of a step"),
      host_ints_(reinterpret_cast<int32_t*>(host_memory_.data())),
      device_ints_(reinterpret_cast<const int32_t*>(memory_.data())) {}

void StepRows::set(const StepTable& table) {
  n_table_entries_ = 0;
  most_tokens_ = 0;
  int64_t n_sequences = 0;
  for (int64_t first = 0; first < table.n_rows(); ++n_sequences) {
    const int64_t end = first < table.n_prompt ? table.n_prompt : table.n_rows();
    first += add_sequence(table.rows + first, end - first, first);
  }
  capturable_ = table.n_prompt == 0 && n_sequences == table.n_generated &&
                table.n_generated <= kMostCaptured &&
                (limits_.logits_rows == 0 || table.n_outputs() == table.n_generated);
  n_generated_ = table.n_generated;
  std::copy(table.output_rows, table.output_rows + table.n_outputs(), host(kOutputs));
  if (capturable_) {
    n_generated_ = filled(table.n_generated);
    most_tokens_ = std::min(range_of(most_tokens_), std::max(most_tokens_, limits_.max_context));
    add_filling_rows(table.n_generated);
    key_ = static_cast<uint64_t>(n_generated_) << 32 | static_cast<uint64_t>(most_tokens_);
  }

  const int64_t n_rows = table.n_prompt + n_generated_;
  all_ = {};
  all_.positions = positions();
  all_.table_of = section(kTableOf);
  all_.tables = section(kTables);
  all_.n_rows = n_rows;
  // What is captured must not know how long the tables were.
  all_.n_table_entries = capturable_ ? static_cast<int64_t>(table_ints(limits_)) : n_table_entries_;
  all_.most_tokens = most_tokens_;
  all_.n_blocks = spare_block_ + 1;
  prompt_ = add_runs(kPromptRuns, 0, table.n_prompt);
  generated_ = add_runs(kGeneratedRuns, table.n_prompt, n_generated_);
  const size_t used = kTables * section_ints_ + static_cast<size_t>(n_table_entries_);
  device_.start_upload(memory_.data(), host_memory_.data(), used * sizeof(int32_t));
}

// The rows from `rows` on that belong to one sequence; returns how many.
int64_t StepRows::add_sequence(const AttentionRow* rows, int64_t n_rows, int64_t first) {
  int64_t n = 1;
  while (n < n_rows && rows[n].block_table == rows[0].block_table) ++n;
  const int64_t n_blocks = rows[n - 1].position / limits_.kv_block_size + 1;
  if (n_table_entries_ + n_blocks >= static_cast<int64_t>(table_ints(limits_))) {
    throw DeviceError{QWQ_INTERNAL, "CUDA: the block tables of a step take more than " +
                                        std::to_string(table_ints(limits_)) + " entries"};
  }
  for (int64_t r = 0; r < n; ++r) {
    host(kPositions)[first + r] = rows[r].position;
    host(kTableOf)[first + r] = static_cast<int32_t>(n_table_entries_);
  }
  std::copy(rows[0].block_table, rows[0].block_table + n_blocks, host(kTables) + n_table_entries_);
  n_table_entries_ += n_blocks;
  most_tokens_ = std::max(most_tokens_, rows[n - 1].position + int64_t{1});
  return n;
}

// Rows n_rows .. n_generated_ - 1: a sequence in the spare block, which sees nothing but itself.
void StepRows::add_filling_rows(int64_t n_rows) {
  for (int64_t r = n_rows; r < n_generated_; ++r) {
    host(kPositions)[r] = static_cast<int32_t>(r - n_rows);
    host(kTableOf)[r] = static_cast<int32_t>(n_table_entries_);
    host(kOutputs)[r] = static_cast<int32_t>(r);
  }
  if (n_rows < n_generated_) host(kTables)[n_table_entries_++] = spare_block_;
}

// Rows [first, first + n_rows), cut into runs of a sequence.
DeviceRows StepRows::add_runs(Section section, int64_t first, int64_t n_rows) {
  // Filling rows share a sequence, but how many there are must not show in what is captured.
  const int64_t most = capturable_ ? 1 : rows_of_run(limits_.n_heads / limits_.n_kv_heads, true);
  const int32_t* table_of = host(kTableOf) + first;
  int32_t* run_first = host(section);
  int64_t n_runs = 0;
  for (int64_t r = 0; r < n_rows; ++r) {
    const bool begins = r == 0 || table_of[r] != table_of[r - 1] || r - run_first[n_runs - 1] == most;
    if (begins) run_first[n_runs++] = static_cast<int32_t>(r);
  }
  run_first[n_runs] = static_cast<int32_t>(n_rows);
  DeviceRows rows = all_;
  rows.positions += first;
  rows.table_of += first;
  rows.run_first = this->section(section);
  rows.n_rows = n_rows;
  rows.n_runs = n_runs;
  return rows;
}

}  // namespace qwq::cuda
