// What only the simulator sees of sampling: launches, bytes, and mistakes that are found.
#include "tests/cuda/sampling_testing.h"

namespace qwq::test {
namespace {

// The message of the fault that body ends with.
template <typename Body>
void expect_fault(const char* part, const Body& body) {
  std::string message;
  try {
    body();
  } catch (const cuda::sim::Fault& e) {
    message = e.what();
  }
  if (message.find(part) == std::string::npos) {
    fail(__FILE__, __LINE__, "expected a fault with \"", part, "\", found \"", message, "\"");
  }
}

}  // namespace

// As a graph that was captured once: the recorded launches serve other rows in the same memory.
TEST(recorded_launches_serve_other_rows) {
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
    heavy.back().target = 7;
  }
  DeviceSampler device(3, n, n, cuda::SamplePacker::most_bytes(3, n));
  cuda::Stream stream(kSeed);
  cuda::Recording recording;
  stream.record(&recording);
  cuda::SampleArgs args = device.args();
  args.rows_bytes = cuda::SamplePacker::most_bytes(3, n);
  cuda::sample_rows(stream, args, device.scratch());
  stream.record(nullptr);
  for (const auto* rows : {&plain, &heavy, &plain, &heavy}) {
    device.set(*rows);
    for (const auto& launch : recording) launch();
    for (size_t i = 0; i < rows->size(); ++i) {
      CHECK_EQ(difference(device.answer(i, (*rows)[i]), answer_of_cpu((*rows)[i], n)), "");
    }
  }
  CHECK_EQ(stream.counts().size(), size_t{7});
  for (const auto& [kernel, counts] : stream.counts()) CHECK_EQ(counts.launches, uint64_t{4});
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
    DeviceSampler device(1, n, n, cuda::SamplePacker::rows_bytes(1));
    device.set(rows);
    cuda::Stream stream(kSeed);
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
    cuda::Stream stream(kSeed + seed);
    DeviceSampler device(1, n, n, cuda::SamplePacker::most_bytes(1, n));
    device.set(rows);
    device.run(stream);
    // Lists that were cut off.
    cuda::SampleArgs args = device.args();
    args.rows_bytes -= 4;
    expect_fault("of words, which has", [&] { cuda::sample_rows(stream, args, device.scratch()); });
    // A token beyond the vocabulary.
    device.row(0).n_seen = 1;
    device.row(0).has_mask = 0;
    uint32_t& seen = reinterpret_cast<uint32_t*>(&device.row(0))[device.row(0).first_word];
    seen = n;
    expect_fault("of edited, which has", [&] { device.run(stream); });
    seen = 0;
    device.row(0).wants |= cuda::kWantsTarget;
    device.row(0).target = n;
    expect_fault("of logits, which has", [&] { device.run(stream); });
    // Scratch memory for less.
    device.row(0).target = 0;
    const cuda::Scratch less(stream, device.scratch(), cuda::sample_scratch_bytes(1, n) - 16);
    expect_fault("lies partly in scratch memory", [&] { device.run(stream); });
  }
}

}  // namespace qwq::test

QWQ_CUDA_TEST_MAIN
