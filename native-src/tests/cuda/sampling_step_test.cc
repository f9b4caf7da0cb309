// Sampling on the device as a step uses it: problems, packing, captured launches, and mistakes that are
// found.
#include "tests/cuda/sampling_testing.h"

namespace qwq::cuda {
namespace {

using test::kSeed;

SampledRow normal_row(uint64_t seed, size_t n) {
  std::vector<float> values(n);
  fill_normal(kSeed + seed, 0, 3, values.data(), n);
  SampledRow row(std::move(values));
  row.sampling.seed = kSeed;
  row.sampling.draw = seed;
  row.point();
  return row;
}

void set_penalties(SampledRow& row, int32_t n_seen) {
  for (int32_t i = 0; i < n_seen; ++i) {
    row.seen_tokens.push_back(i);
    row.seen_counts.push_back(i % 3);
  }
  row.sampling.presence_penalty = 1;
  row.point();
}

// The message of the fault that body ends with.
template <typename Body>
void expect_fault(const char* part, const Body& body) {
  std::string message;
  try {
    body();
  } catch (const sim::Fault& e) {
    message = e.what();
  }
  if (message.find(part) == std::string::npos) {
    test::fail(__FILE__, __LINE__, "expected a fault with \"", part, "\", found \"", message, "\"");
  }
}

}  // namespace

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
  Stream stream(kSeed);
  check_rows(stream, rows, static_cast<int64_t>(n) - 20, "not finite");
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
  CHECK(answer_of_cpu(rows[0], 66).problem == SampleProblem::kAllForbidden);
  Stream stream(kSeed);
  check_rows(stream, rows, 66, "forbidden");
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
  size_t bytes = SamplePacker::rows_bytes(4);
  for (const int32_t token : tokens) bytes += SamplePacker::list_bytes(sequence, token, n);
  CHECK_EQ(bytes, SamplePacker::rows_bytes(4) + 50 * 8);
  test::DeviceBuffer<std::byte> packed(bytes);
  SamplePacker packer(packed.data(), bytes, 4, n, n);
  test::DeviceBuffer<float> logits(4 * n);
  for (size_t i = 0; i < 4; ++i) {
    CHECK(packer.add(sequence, tokens[i]));
    std::copy(rows[i].logits.begin(), rows[i].logits.end(), logits.data() + i * n);
  }
  CHECK_EQ(packer.bytes(), bytes);
  test::DeviceBuffer<SampleResult> results(4);
  test::DeviceBuffer<std::byte> scratch(sample_scratch_bytes(4, n));
  Stream stream(kSeed);
  sample_rows(stream, {logits.data(), packed.data(), bytes, 4, n, n, results.data()}, scratch.data());
  for (size_t i = 0; i < 4; ++i) {
    CHECK(take_result(results[i], sequence, tokens[i]) == SampleProblem::kNone);
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
  CHECK_EQ(SamplePacker::list_bytes(plain_row.sequence, 0, n), size_t{0});
  CHECK_EQ(SamplePacker::list_bytes(full_row.sequence, 0, n), size_t{4 * 404});
  CHECK_EQ(SamplePacker::most_bytes(3, n), SamplePacker::rows_bytes(3) + 3 * 4 * 404);

  const size_t bytes = SamplePacker::most_bytes(3, n);
  test::DeviceBuffer<std::byte> memory(bytes);
  SamplePacker roomy(memory.data(), bytes, 3, n, n);
  for (int i = 0; i < 3; ++i) CHECK(roomy.add(full_row.sequence, 0));
  CHECK_EQ(roomy.bytes(), bytes);
  CHECK(!roomy.add(plain_row.sequence, 0));  // a fourth row
  CHECK_EQ(roomy.size(), int64_t{3});

  SamplePacker tight(memory.data(), bytes - 4, 3, n, n);
  CHECK(tight.add(full_row.sequence, 0));
  CHECK(tight.add(full_row.sequence, 0));
  const size_t before = tight.bytes();
  CHECK(!tight.add(full_row.sequence, 0));
  CHECK_EQ(tight.bytes(), before);
  CHECK(tight.add(plain_row.sequence, 0));
  CHECK_EQ(tight.bytes(), before);
}

// What a captured graph replays: the same launches on the same memory, whatever the rows are.
TEST(launches_depend_on_the_number_of_rows_only) {
  const int64_t n = 5000;
  std::vector<SampledRow> plain;
  plain.push_back(normal_row(1, n));
  std::vector<SampledRow> heavy;
  for (uint64_t i = 0; i < 3; ++i) {
    heavy.push_back(normal_row(i + 2, n));
    set_penalties(heavy.back(), 4000);
    heavy.back().sampling.n_top_logprobs = 20;
    heavy.back().sampling.top_p = 0.9f;
    heavy.back().sampling.temperature = 3;
  }
  DeviceSampler device(3, n, n, SamplePacker::most_bytes(3, n));
  const auto launched = [&](const std::vector<SampledRow>& rows) {
    Stream stream(kSeed);
    device.set(rows);
    device.run(stream);
    for (size_t i = 0; i < rows.size(); ++i) {
      CHECK_EQ(device.result(i).token, answer_of_cpu(rows[i], n).sampled.token);
    }
    std::vector<std::pair<std::string, uint64_t>> shapes;
    for (const auto& [kernel, counts] : stream.counts()) {
      CHECK_EQ(counts.launches, uint64_t{1});
      shapes.emplace_back(kernel, counts.blocks);
    }
    return shapes;
  };
  const auto first = launched(heavy);
  CHECK_EQ(first.size(), size_t{7});
  CHECK(launched(plain) == first);
  CHECK(launched(heavy) == first);
}

// After bins and list, the last kernel has little to read: less than a row of logits in all.
TEST(the_usual_draw_is_from_a_short_list) {
  const int64_t n = 20000;
  for (const int32_t top_k : {40, 0}) {
    std::vector<SampledRow> rows;
    rows.push_back(normal_row(1, n));
    rows[0].sampling.temperature = 0.6f;
    rows[0].sampling.top_k = top_k;
    rows[0].sampling.top_p = 0.95f;
    DeviceSampler device(1, n, n, SamplePacker::rows_bytes(1));
    device.set(rows);
    Stream stream(kSeed);
    device.run(stream);
    CHECK(stream.counts().at("sample_finish").traffic.global_read < 4 * n);
  }
}

TEST(mistakes_in_what_the_kernels_are_given_are_found) {
  const int64_t n = 3000;
  std::vector<SampledRow> rows;
  rows.push_back(normal_row(1, n));
  set_penalties(rows[0], 300);
  rows[0].mask.assign(94, 0x7fffffffu);
  rows[0].point();
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Stream stream(kSeed + seed);
    DeviceSampler device(1, n, n, SamplePacker::most_bytes(1, n));
    device.set(rows);
    device.run(stream);
    // Lists that were cut off.
    SampleArgs args = device.args();
    args.rows_bytes -= 4;
    expect_fault("of words, which has", [&] { sample_rows(stream, args, device.scratch()); });
    // A token beyond the vocabulary.
    device.row(0).n_seen = 1;
    device.row(0).has_mask = 0;
    uint32_t& seen = reinterpret_cast<uint32_t*>(&device.row(0))[device.row(0).first_word];
    seen = n;
    expect_fault("of edited, which has", [&] { device.run(stream); });
    seen = 0;
    device.row(0).wants |= kWantsTarget;
    device.row(0).target = n;
    expect_fault("of logits, which has", [&] { device.run(stream); });
    // Scratch memory for less.
    device.row(0).target = 0;
    const Scratch less(stream, device.scratch(), sample_scratch_bytes(1, n) - 16);
    expect_fault("lies partly in scratch memory", [&] { device.run(stream); });
  }
}

}  // namespace qwq::cuda

QWQ_CUDA_TEST_MAIN
