// Between a batch and the device: rows to sample in, results out.
#pragma once

#include "kernels/cuda/sampling.h"

namespace qwq::cuda {

// Describes the rows of a step in memory of the host. Its first bytes() are then copied to the device.
class SamplePacker {
 public:
  // For at most max_rows rows; those never added are not in use. `memory` is aligned to 8 bytes and has
  // most_bytes(...), or less where the caller knows how much will come, but at least rows_bytes(max_rows).
  SamplePacker(std::byte* memory, size_t memory_bytes, int64_t max_rows, int64_t vocab_size,
               int64_t n_token_ids);

  // What any max_rows rows take: 2.4 MB each with 152,064 ids, since every id may have been seen and biased.
  static size_t most_bytes(int64_t max_rows, int64_t vocab_size);
  // What rows take without their lists, and the lists of one row.
  static size_t rows_bytes(int64_t max_rows);
  static size_t list_bytes(const qwq_sequence& sequence, int32_t token, int64_t vocab_size);

  // Describes what is wanted of the logits after sequence.tokens[token]; its sampling has been checked.
  // False, and nothing changes, if memory or rows do not suffice.
  bool add(const qwq_sequence& sequence, int32_t token);

  int64_t size() const { return size_; }
  size_t bytes() const { return n_words_ * sizeof(uint32_t); }

 private:
  void add_lists(const qwq_sampling& sampling, SampleRow* row);

  SampleRow* rows_;
  uint32_t* words_;
  int64_t max_rows_;
  int64_t vocab_size_;
  int64_t n_token_ids_;
  size_t most_words_;
  size_t n_words_;  // rows and lists so far
  int64_t size_ = 0;
};

// Writes what was wanted after sequence.tokens[token] where the sequence wants it.
SampleProblem take_result(const SampleResult& result, const qwq_sequence& sequence, int32_t token);

}  // namespace qwq::cuda
