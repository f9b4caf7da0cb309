// Rows to sample, what runtime/sampling.h makes of them, and what the device does.
#pragma once

#include <limits>

#include "formats/random.h"
#include "kernels/cuda/sample_packer.h"
#include "runtime/sampling.h"
#include "tests/cuda/device_testing.h"

namespace qwq::test {

constexpr float kInf = std::numeric_limits<float>::infinity();

// A row of logits and what is wanted of it. Moving it keeps the pointers of `sampling`.
struct SampledRow {
  std::vector<float> logits;
  qwq_sampling sampling{};
  bool sampled = true;
  int32_t target = -1;
  std::vector<int32_t> seen_tokens, seen_counts, bias_tokens;
  std::vector<float> bias_values;
  std::vector<uint32_t> mask;

  explicit SampledRow(std::vector<float> values) : logits(std::move(values)) {
    sampling.temperature = 1;
    sampling.top_p = 1;
    sampling.repetition_penalty = 1;
  }
  SampledRow(SampledRow&&) = default;

  // After the lists were filled.
  void point() {
    sampling.n_seen = static_cast<int32_t>(seen_tokens.size());
    sampling.seen_tokens = seen_tokens.data();
    sampling.seen_counts = seen_counts.data();
    sampling.n_bias = static_cast<int32_t>(bias_tokens.size());
    sampling.bias_tokens = bias_tokens.data();
    sampling.bias_values = bias_values.data();
    sampling.allowed_mask = mask.empty() ? nullptr : mask.data();
  }
};

// Of normal logits, drawn from at temperature 1.
inline SampledRow normal_row(uint64_t seed, size_t n) {
  SampledRow row(normal(n, seed, 3));
  row.sampling.seed = kSeed;
  row.sampling.draw = seed;
  row.point();
  return row;
}

// A presence penalty for some ids, the others of which were in the prompt only.
inline void set_penalties(SampledRow& row, int32_t n_seen) {
  for (int32_t i = 0; i < n_seen; ++i) {
    row.seen_tokens.push_back(i);
    row.seen_counts.push_back(i % 3);
  }
  row.sampling.presence_penalty = 1;
  row.point();
}

struct Answer {
  cuda::SampleProblem problem = cuda::SampleProblem::kNone;
  qwq_sampled sampled{};
  float target_logprob = 0;
};

inline Answer answer_of_cpu(const SampledRow& row, int64_t n_token_ids) {
  Answer answer;
  const size_t n = row.logits.size();
  if (!all_finite(row.logits.data(), n)) {
    answer.problem = cuda::SampleProblem::kNotFinite;
    return answer;
  }
  const LogitsRow logits{row.logits.data(), static_cast<int64_t>(n), n_token_ids,
                         log_softmax(row.logits.data(), n)};
  if (row.target >= 0) {
    answer.target_logprob = logits.softmax.logprob(row.logits[static_cast<size_t>(row.target)]);
  }
  std::vector<float> adjusted(n);
  std::vector<int32_t> ids(n);
  std::vector<CandidateKey> selection(n);
  if (row.sampled &&
      !sample(logits, row.sampling, {adjusted.data(), ids.data(), selection.data()}, &answer.sampled)) {
    answer.problem = cuda::SampleProblem::kAllForbidden;
    answer.sampled = {};
  }
  return answer;
}

// A sequence of one token that wants what the row wants.
struct RowSequence {
  explicit RowSequence(const SampledRow& row) : target(row.target) {
    sequence.n_tokens = 1;
    sequence.n_samples = row.sampled ? 1 : 0;
    sequence.sampling = &row.sampling;
    sequence.sampled = &answer.sampled;
    sequence.targets = &target;
    sequence.target_logprobs = &answer.target_logprob;
  }
  RowSequence(const RowSequence&) = delete;

  int32_t target;
  Answer answer;
  qwq_sequence sequence{};
};

// The device's memory for some rows, in which they can be sampled again and again.
class DeviceSampler {
 public:
  DeviceSampler(int64_t n_rows, int64_t vocab_size, int64_t n_token_ids, size_t packed_bytes)
      : n_rows_(n_rows),
        vocab_size_(vocab_size),
        n_token_ids_(n_token_ids),
        logits_(static_cast<size_t>(n_rows * vocab_size)),
        packed_((packed_bytes + 7) / 8),
        results_(static_cast<size_t>(n_rows)),
        scratch_(cuda::sample_scratch_bytes(n_rows, vocab_size)) {}

  // In use: all but the last of the rows, of which there may be fewer than room is for.
  void set(const std::vector<SampledRow>& rows) {
    cuda::SamplePacker packer(packed(), packed_.size() * 8, n_rows_, vocab_size_, n_token_ids_);
    for (size_t i = 0; i < rows.size(); ++i) {
      std::copy(rows[i].logits.begin(), rows[i].logits.end(),
                logits_.data() + i * static_cast<size_t>(vocab_size_));
      CHECK(packer.add(RowSequence(rows[i]).sequence, 0));
    }
    packed_bytes_ = packer.bytes();
  }
  cuda::SampleRow& row(size_t i) { return reinterpret_cast<cuda::SampleRow*>(packed())[i]; }
  cuda::SampleArgs args() {
    return {logits_.data(), packed(), packed_bytes_, n_rows_, vocab_size_, n_token_ids_, results_.data()};
  }
  std::byte* scratch() { return scratch_.data(); }
  void run(cuda::Stream& stream) { cuda::sample_rows(stream, args(), scratch()); }
  const cuda::SampleResult& result(size_t i) const { return results_[i]; }
  Answer answer(size_t i, const SampledRow& row) const {
    RowSequence actual(row);
    actual.answer.problem = cuda::take_result(results_[i], actual.sequence, 0);
    return actual.answer;
  }

 private:
  std::byte* packed() { return reinterpret_cast<std::byte*>(packed_.data()); }

  int64_t n_rows_;
  int64_t vocab_size_;
  int64_t n_token_ids_;
  DeviceBuffer<float> logits_;
  DeviceBuffer<uint64_t> packed_;
  DeviceBuffer<cuda::SampleResult> results_;
  DeviceBuffer<std::byte> scratch_;
  size_t packed_bytes_ = 0;
};

// What differs, or "".
inline std::string difference(const Answer& actual, const Answer& expected) {
  std::ostringstream text;
  const auto compare = [&](const char* what, auto a, auto b) {
    if (std::memcmp(&a, &b, sizeof(a)) != 0) text << what << " is " << a << ", expected " << b << "; ";
  };
  compare("problem", static_cast<int>(actual.problem), static_cast<int>(expected.problem));
  compare("target_logprob", actual.target_logprob, expected.target_logprob);
  compare("token", actual.sampled.token, expected.sampled.token);
  compare("logprob", actual.sampled.logprob, expected.sampled.logprob);
  compare("n_top", actual.sampled.n_top, expected.sampled.n_top);
  for (int i = 0; i < expected.sampled.n_top; ++i) {
    compare("a top token", actual.sampled.top_tokens[i], expected.sampled.top_tokens[i]);
    compare("a top logprob", actual.sampled.top_logprobs[i], expected.sampled.top_logprobs[i]);
  }
  return text.str();
}

// Samples the rows in one step on the device, with some that are not in use, and compares each with the cpu.
// `seed` orders the simulator's threads.
inline void check_rows(uint64_t seed, const std::vector<SampledRow>& rows, int64_t n_token_ids,
                       const std::string& what) {
  const int64_t vocab_size = static_cast<int64_t>(rows[0].logits.size());
  const int64_t n_rows = static_cast<int64_t>(rows.size()) + 1;
  size_t bytes = cuda::SamplePacker::rows_bytes(n_rows);
  for (const SampledRow& row : rows) {
    bytes += cuda::SamplePacker::list_bytes(RowSequence(row).sequence, 0, vocab_size);
  }
  DeviceSampler device(n_rows, vocab_size, n_token_ids, bytes);
  device.set(rows);
  cuda::Stream stream(seed);
  device.run(stream);
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string text = difference(device.answer(i, rows[i]), answer_of_cpu(rows[i], n_token_ids));
    if (!text.empty()) fail(__FILE__, __LINE__, what, ", row ", i, ", seed ", seed, ": ", text);
  }
  const cuda::SampleResult unused{};
  CHECK(std::memcmp(&device.result(rows.size()), &unused, sizeof(unused)) == 0);
}

}  // namespace qwq::test
