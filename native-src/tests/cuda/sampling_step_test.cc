// Sampling on the device as a step uses it: problems, packing, captured launches, and mistakes that are
// found.
#include "tests/cuda/sampling_testing.h"

namespace qwq::test {
TEST(numbers_that_are_not_finite_are_reported_wherever_they_are) {
  const size_t n = 4500;
  std::vector<SampledRow> rows;
  for (const float bad : {kInf, -kInf, std::numeric_limits<float>::quiet_NaN()}) {
    for (const size_t at : {size_t{0}, size_t{2047}, size_t{2048}, n - 1}) {
      rows.push_back(normal_row(at, n));
      rows.back().logits[at] = bad;
      rows.back().sampling.n_top_logprobs = 4;
      rows.back().sampling.top_p = 0.9f;
      rows.back().sampled = at != 2048;  // raw logits, or a target, are checked, too
      rows.back().target = at == 2047 ? 3 : -1;
    }
    rows.push_back(normal_row(9, n));
  }
  check_rows(kSeed, rows, static_cast<int64_t>(n) - 20, "not finite");
}

TEST(a_row_that_may_not_be_drawn_from_is_reported_and_others_are_not) {
  const size_t n = 70;
  std::vector<SampledRow> rows;
  for (const float temperature : {0.0f, 1.0f}) {
    rows.push_back(normal_row(1, n));
    rows.back().mask = {0, 0, 0xfffffffeu << 1};  // padding only
    rows.back().target = 69;
    rows.push_back(normal_row(2, n));
    for (int32_t id = 0; id < 66; ++id) {
      rows.back().bias_tokens.push_back(id);
      rows.back().bias_values.push_back(id == 40 && temperature > 0 ? -1e30f : -kInf);
    }
    rows.push_back(normal_row(3, n));
    for (SampledRow& row : rows) row.sampling.temperature = temperature;
    rows.back().sampling.n_top_logprobs = 20;
  }
  for (SampledRow& row : rows) row.point();
  CHECK(answer_of_cpu(rows[0], 66).problem == cuda::SampleProblem::kAllForbidden);
  check_rows(kSeed, rows, 66, "forbidden");
}

TEST(rows_of_one_sequence_take_their_own_sampling) {
  const size_t n = 100;
  std::vector<SampledRow> rows;
  for (uint64_t i = 0; i < 4; ++i) rows.push_back(normal_row(i, n));
  set_penalties(rows[2], 50);
  // Five tokens; targets of all but one, and draws after the last three.
  const int32_t targets[] = {4, -1, 6, 7, 8};
  float target_logprobs[] = {9, 9, 9, 9, 9};
  qwq_sampling sampling[3] = {rows[1].sampling, rows[2].sampling, rows[3].sampling};
  sampling[2].n_top_logprobs = 2;
  qwq_sampled sampled[3] = {};
  qwq_sequence sequence{};
  sequence.n_tokens = 5;
  sequence.targets = targets;
  sequence.target_logprobs = target_logprobs;
  sequence.sampling = sampling;
  sequence.sampled = sampled;
  sequence.n_samples = 3;

  const int32_t tokens[] = {0, 2, 3, 4};
  size_t bytes = cuda::SamplePacker::rows_bytes(4);
  for (const int32_t token : tokens) bytes += cuda::SamplePacker::list_bytes(sequence, token, n);
  CHECK_EQ(bytes, cuda::SamplePacker::rows_bytes(4) + 50 * 8);
  DeviceBuffer<std::byte> packed(bytes);
  cuda::SamplePacker packer(packed.data(), bytes, 4, n, n);
  DeviceBuffer<float> logits(4 * n);
  for (size_t i = 0; i < 4; ++i) {
    CHECK(packer.add(sequence, tokens[i]));
    std::copy(rows[i].logits.begin(), rows[i].logits.end(), logits.data() + i * n);
  }
  CHECK_EQ(packer.bytes(), bytes);
  DeviceBuffer<cuda::SampleResult> results(4);
  DeviceBuffer<std::byte> scratch(cuda::sample_scratch_bytes(4, n));
  cuda::Stream stream(kSeed);
  cuda::sample_rows(stream, {logits.data(), packed.data(), bytes, 4, n, n, results.data()}, scratch.data());
  for (size_t i = 0; i < 4; ++i) {
    CHECK(cuda::take_result(results[i], sequence, tokens[i]) == cuda::SampleProblem::kNone);
    rows[i].target = targets[tokens[i]];
    rows[i].sampled = i > 0;
    if (i > 0) rows[i].sampling = sampling[i - 1];
    Answer actual;
    actual.target_logprob = target_logprobs[tokens[i]];
    if (i > 0) actual.sampled = sampled[i - 1];
    CHECK_EQ(difference(actual, answer_of_cpu(rows[i], n)), "");
  }
  CHECK_EQ(target_logprobs[1], 9.0f);
}

TEST(a_packer_takes_what_it_has_room_for) {
  const size_t n = 100;
  SampledRow plain = normal_row(1, n);
  set_penalties(plain, 30);
  plain.sampling.presence_penalty = 0;  // what was seen does not matter
  SampledRow full = normal_row(2, n);
  set_penalties(full, 100);
  full.mask.assign(4, 0xffffffffu);
  for (int32_t id = 0; id < 100; ++id) {
    full.bias_tokens.push_back(id);
    full.bias_values.push_back(1);
  }
  full.point();
  const RowSequence plain_row(plain), full_row(full);
  CHECK_EQ(cuda::SamplePacker::list_bytes(plain_row.sequence, 0, n), size_t{0});
  CHECK_EQ(cuda::SamplePacker::list_bytes(full_row.sequence, 0, n), size_t{4 * 404});
  CHECK_EQ(cuda::SamplePacker::most_bytes(3, n), cuda::SamplePacker::rows_bytes(3) + 3 * 4 * 404);

  const size_t bytes = cuda::SamplePacker::most_bytes(3, n);
  DeviceBuffer<std::byte> memory(bytes);
  cuda::SamplePacker roomy(memory.data(), bytes, 3, n, n);
  for (int i = 0; i < 3; ++i) CHECK(roomy.add(full_row.sequence, 0));
  CHECK_EQ(roomy.bytes(), bytes);
  CHECK(!roomy.add(plain_row.sequence, 0));  // a fourth row
  CHECK_EQ(roomy.size(), int64_t{3});

  cuda::SamplePacker tight(memory.data(), bytes - 4, 3, n, n);
  CHECK(tight.add(full_row.sequence, 0));
  CHECK(tight.add(full_row.sequence, 0));
  const size_t before = tight.bytes();
  CHECK(!tight.add(full_row.sequence, 0));
  CHECK_EQ(tight.bytes(), before);
  CHECK(tight.add(plain_row.sequence, 0));
  CHECK_EQ(tight.bytes(), before);
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
