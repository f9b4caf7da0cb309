#include "kernels/cuda/sampling.h"

#include "kernels/cuda/sampling_finish.cuh"

namespace qwq::cuda {

namespace {

// What the kernels leave for each other, laid out in one piece of memory.
struct SampleScratch {
  SampleScratch(std::byte* memory, int64_t n_rows, int64_t vocab_size)
      : memory(memory), n_slices(ceil_div(vocab_size, kSlice)) {
    const size_t rows = static_cast<size_t>(n_rows);
    const size_t slices = rows * static_cast<size_t>(n_slices);
    const size_t rankings = rows * kRankings;
    bin_weights = take<Weight>(rankings * kBins);
    raw_sum = take<Weight>(slices);
    raw_max = take<float>(slices);
    edited_max = take<float>(slices);
    bin_counts = take<uint32_t>(rankings * kBins);
    n_listed = take<uint32_t>(rankings);
    lists = take<int32_t>(rankings * kListed);
    scores = take<float>(rows * static_cast<size_t>(vocab_size));
  }

  std::byte* memory;
  int64_t n_slices;
  size_t bytes = 0;
  Weight* bin_weights;   // [n_rows, kRankings, kBins]
  Weight* raw_sum;       // [n_rows, n_slices]
  float* raw_max;        // [n_rows, n_slices]
  float* edited_max;     // [n_rows, n_slices]
  uint32_t* bin_counts;  // [n_rows, kRankings, kBins]
  uint32_t* n_listed;    // [n_rows, kRankings]
  int32_t* lists;        // [n_rows, kRankings, kListed]
  float* scores;         // [n_rows, vocab_size] first edited logits

 private:
  template <typename T>
  T* take(size_t count) {
    const size_t begin = bytes;
    bytes += (count * sizeof(T) + 15) / 16 * 16;
    return memory == nullptr ? nullptr : reinterpret_cast<T*>(memory + begin);
  }
};

}  // namespace

size_t sample_scratch_bytes(int64_t max_rows, int64_t vocab_size) {
  return SampleScratch(nullptr, max_rows, vocab_size).bytes;
}

void sample_rows(Stream& stream, const SampleArgs& args, std::byte* scratch) {
  if (args.n_rows == 0) return;
  const SampleScratch s(scratch, args.n_rows, args.vocab_size);
  const Scratch tracked(stream, scratch, s.bytes);
  const size_t n_rows = static_cast<size_t>(args.n_rows);
  const size_t n_logits = n_rows * static_cast<size_t>(args.vocab_size);
  const size_t n_slices = n_rows * static_cast<size_t>(s.n_slices);
  const size_t n_bins = n_rows * kRankings * kBins;
  const size_t n_words = args.rows_bytes / sizeof(uint32_t);
  const SampleRow* rows = reinterpret_cast<const SampleRow*>(args.rows);
  const uint32_t* words = reinterpret_cast<const uint32_t*>(args.rows);
  const LaunchShape slices = {.grid_x = s.n_slices, .grid_y = args.n_rows, .threads = kSampleThreads};
  const LaunchShape ranked = {
      .grid_x = s.n_slices, .grid_y = args.n_rows, .grid_z = kRankings, .threads = kSampleThreads};
  {
    Launch launch(stream, "sample_empty_bins");
    launch.run({.grid_x = args.n_rows * kRankings, .threads = kSampleThreads}, empty_bins_kernel,
               launch.out("bin_counts", s.bin_counts, n_bins),
               launch.out("bin_weights", s.bin_weights, n_bins),
               launch.out("n_listed", s.n_listed, n_rows * kRankings));
  }
  {
    Launch launch(stream, "sample_copy_allowed");
    launch.run(slices, copy_allowed_kernel, launch.in("rows", rows, n_rows),
               launch.in("words", words, n_words), launch.in("logits", args.logits, n_logits),
               args.vocab_size, args.n_token_ids, launch.update("edited", s.scores, n_logits),
               launch.update("raw_max", s.raw_max, n_slices));
  }
  {
    Launch launch(stream, "sample_edit");
    launch.run({.grid_x = args.n_rows, .threads = kSampleThreads}, edit_kernel,
               launch.in("rows", rows, n_rows), launch.in("words", words, n_words), args.vocab_size,
               launch.update("edited", s.scores, n_logits));
  }
  {
    Launch launch(stream, "sample_sum_weights");
    launch.run(slices, sum_weights_kernel, launch.in("rows", rows, n_rows),
               launch.in("logits", args.logits, n_logits), launch.in("edited", s.scores, n_logits),
               args.vocab_size, launch.in("raw_max", s.raw_max, n_slices),
               launch.update("raw_sum", s.raw_sum, n_slices),
               launch.update("edited_max", s.edited_max, n_slices));
  }
  {
    Launch launch(stream, "sample_count_bins");
    launch.run(ranked, count_bins_kernel, launch.in("rows", rows, n_rows),
               launch.in("logits", args.logits, n_logits), launch.update("scores", s.scores, n_logits),
               args.vocab_size, args.n_token_ids, launch.in("raw_max", s.raw_max, n_slices),
               launch.in("edited_max", s.edited_max, n_slices),
               launch.update("bin_counts", s.bin_counts, n_bins),
               launch.update("bin_weights", s.bin_weights, n_bins));
  }
  {
    Launch launch(stream, "sample_list");
    launch.run(ranked, list_kernel, launch.in("rows", rows, n_rows),
               launch.in("logits", args.logits, n_logits), launch.in("scores", s.scores, n_logits),
               args.vocab_size, args.n_token_ids, launch.in("raw_max", s.raw_max, n_slices),
               launch.in("edited_max", s.edited_max, n_slices), launch.in("bin_counts", s.bin_counts, n_bins),
               launch.in("bin_weights", s.bin_weights, n_bins),
               launch.update("n_listed", s.n_listed, n_rows * kRankings),
               launch.update("lists", s.lists, n_rows * kRankings * kListed));
  }
  {
    Launch launch(stream, "sample_finish");
    launch.run({.grid_x = kRankings, .grid_y = args.n_rows, .threads = kSampleThreads}, finish_kernel,
               launch.in("rows", rows, n_rows), launch.in("logits", args.logits, n_logits),
               launch.in("scores", s.scores, n_logits), args.vocab_size, args.n_token_ids,
               launch.in("raw_max", s.raw_max, n_slices), launch.in("raw_sum", s.raw_sum, n_slices),
               launch.in("edited_max", s.edited_max, n_slices), static_cast<int>(s.n_slices),
               launch.in("bin_counts", s.bin_counts, n_bins), launch.in("bin_weights", s.bin_weights, n_bins),
               launch.in("lists", s.lists, n_rows * kRankings * kListed),
               launch.out("results", reinterpret_cast<int32_t*>(args.results), n_rows * kResultWords));
  }
}

}  // namespace qwq::cuda
