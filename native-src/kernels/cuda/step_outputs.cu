#include "kernels/cuda/step_outputs.h"

#include <algorithm>

#include "kernels/cuda/sample_packer.h"

namespace qwq::cuda {

namespace {

// Of each sequence of a step: a mask, and seven thousand tokens that were seen, with 152,064 ids. More is
// sampled on the host.
constexpr size_t kListBytes = 75 << 10;

size_t result_bytes(const OpLimits& limits) {
  return static_cast<size_t>(limits.logits_rows) * sizeof(SampleResult);
}

size_t described_bytes(const OpLimits& limits, size_t list_bytes) {
  return SamplePacker::rows_bytes(limits.logits_rows) + list_bytes;
}

static_assert(static_cast<int>(SampleProblem::kNotFinite) == static_cast<int>(OutputProblem::kNotFinite));
static_assert(static_cast<int>(SampleProblem::kAllForbidden) ==
              static_cast<int>(OutputProblem::kAllForbidden));

}  // namespace

size_t StepOutputs::list_bytes(const OpLimits& limits) {
  const size_t most = SamplePacker::most_bytes(limits.logits_rows, limits.vocab_size);
  return std::min(most, static_cast<size_t>(limits.max_sequences) * kListBytes);
}

size_t StepOutputs::bytes(const OpLimits& limits) {
  if (limits.logits_rows == 0) return 0;
  return device_bytes(described_bytes(limits, list_bytes(limits))) + device_bytes(result_bytes(limits));
}

StepOutputs::StepOutputs(Device& device, const OpLimits& limits)
    : device_(device),
      limits_(limits),
      rows_bytes_(described_bytes(limits, list_bytes(limits))),
      host_memory_(device, rows_bytes_, "the outputs of a step"),
      memory_(device, rows_bytes_, "the outputs of a step"),
      host_results_(device, result_bytes(limits), "the outputs of a step"),
      results_(device, result_bytes(limits), "the outputs of a step") {}

bool StepOutputs::describe(const StepTable& step, int64_t first, int64_t n, int64_t n_filled) {
  SamplePacker packer(host_memory_.data(), rows_bytes_, n_filled, limits_.vocab_size, limits_.n_token_ids);
  for (int64_t i = first; i < first + n; ++i) {
    const OutputRow& output = step.outputs[i];
    if (!packer.add(step.batch->sequences[output.sequence], output.token)) return false;
  }
  n_rows_ = n_filled;
  described_bytes_ = packer.bytes();
  device_.start_upload(memory_.data(), host_memory_.data(), described_bytes_);
  return true;
}

void StepOutputs::sample(const float* logits, bool reused, std::byte* scratch) {
  SampleArgs args = {};
  args.logits = logits;
  args.rows = memory_.data();
  args.rows_bytes = reused ? rows_bytes_ : described_bytes_;
  args.n_rows = n_rows_;
  args.vocab_size = limits_.vocab_size;
  args.n_token_ids = limits_.n_token_ids;
  args.results = reinterpret_cast<SampleResult*>(results_.data());
  sample_rows(device_.stream(), args, scratch);
}

void StepOutputs::take(const StepTable& step, int64_t first, int64_t n) {
  device_.download(host_results_.data(), results_.data(), static_cast<size_t>(n) * sizeof(SampleResult));
  const SampleResult* results = reinterpret_cast<const SampleResult*>(host_results_.data());
  for (int64_t i = 0; i < n; ++i) {
    OutputRow& output = step.outputs[first + i];
    const qwq_sequence& sequence = step.batch->sequences[output.sequence];
    output.problem = static_cast<OutputProblem>(take_result(results[i], sequence, output.token));
  }
}

}  // namespace qwq::cuda
