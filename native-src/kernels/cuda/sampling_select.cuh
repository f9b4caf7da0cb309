// Selection by radix: from the most significant digit of the keys to the least, the digit in which a running
// sum over the keys in order reaches what is needed. Sums are of whole numbers, so their order is free.
#pragma once

#include "kernels/cuda/sampling_bins.cuh"

namespace qwq::cuda {

// As CandidateKey of runtime/candidates.h: larger is more likely. 0 is no candidate.
QWQ_DEVICE uint64_t candidate_key(float value, int32_t id) {
  return static_cast<uint64_t>(ordered_bits(value)) << 32 | ~static_cast<uint32_t>(id);
}
QWQ_DEVICE int32_t id_of(uint64_t key) { return static_cast<int32_t>(~static_cast<uint32_t>(key)); }
QWQ_DEVICE float value_of(uint64_t key) { return from_ordered_bits(static_cast<uint32_t>(key >> 32)); }

// Candidates of a row and ranking.
struct RankedIds {
  Global<const float> values;  // [n_token_ids] scores or logits; -inf: no candidate
  Global<const int32_t> list;  // [count] or, not listed, ids are 0 .. count - 1
  bool listed;
  int64_t count;
  float max;  // of the values

  QWQ_DEVICE_MEMBER int bin(uint64_t key) const { return bin_of(value_of(key) - max); }
};

// visit(key) for the candidates whose keys are at least `least`, each by one thread of the block; all threads
// of a warp come along, with 0 where there is none.
template <typename Visit>
QWQ_DEVICE void each_candidate(const RankedIds& ids, uint64_t least, const Visit& visit) {
  for (int64_t first = 0; first < ids.count; first += kSampleThreads) {
    const int64_t i = first + thread_index();
    uint64_t key = 0;
    if (i < ids.count) {
      const int32_t id = ids.listed ? static_cast<int32_t>(ids.list[i]) : static_cast<int32_t>(i);
      const float value = ids.values[id];
      if (value > -kInfinity) key = candidate_key(value, id);
    }
    visit(key >= least ? key : 0);
  }
}

QWQ_DEVICE Weight weight_of_all(const RankedIds& ids, uint64_t least) {
  Weight sum = 0;
  each_candidate(ids, least, [&](uint64_t key) { sum += key == 0 ? 0 : score_weight(value_of(key)); });
  return sum_block<kSampleThreads>(sum);
}

// Shared memory of a selection.
struct Places {
  Shared<uint32_t> counts;    // [kBins]
  Shared<Weight> sums;        // [kBins]
  Shared<int32_t> found;      // [2] place, count there
  Shared<Weight> found_need;  // [1]
  Shared<uint64_t> key;       // [1]
};

struct Found {
  int place;       // -1: the sum of all does not reach `need`
  uint32_t count;  // of candidates there
  Weight need;     // of them
};

// The place, 0 .. 255, where the running sum of measure(key) over places reaches `need`; place(key) is -1 for
// those that do not count.
template <typename Place, typename Measure>
QWQ_DEVICE Found find_place(const RankedIds& ids, uint64_t least, const Places& places, const Place& place,
                            const Measure& measure, Weight need) {
  const int t = thread_index();
  places.counts[t] = 0;
  places.sums[t] = 0;
  sync_block();
  if (t == 0) places.found[0] = -1;
  each_candidate(ids, least, [&](uint64_t key) {
    const int at = key == 0 ? -1 : place(key);
    tally(at, at < 0 ? 0 : measure(key), places.counts, places.sums);
  });
  sync_block();
  const Weight sum = places.sums[t];
  const Weight up_to = running_sum_block<kSampleThreads>(sum);
  if (up_to >= need && up_to - sum < need) {
    places.found[0] = t;
    places.found[1] = static_cast<int32_t>(static_cast<uint32_t>(places.counts[t]));
    places.found_need[0] = need - (up_to - sum);
  }
  sync_block();
  const int found = places.found[0];
  if (found < 0) return {-1, 0, need};
  return {found, static_cast<uint32_t>(static_cast<int32_t>(places.found[1])), places.found_need[0]};
}

// The key at which the running sum reaches `need`, keys going in descending order of word(key), of which bits
// 63 .. last_shift matter; 0: does not count. All together must reach it. For all threads.
template <typename Word, typename Measure>
QWQ_DEVICE uint64_t find_key(const RankedIds& ids, uint64_t least, const Places& places, const Word& word,
                             int last_shift, const Measure& measure, Weight need) {
  Found at = {0, 0, need};
  uint64_t prefix = 0;  // the digits found
  int shift = 64;
  const auto begins_with_prefix = [&](uint64_t w) { return w != 0 && (shift == 64 || w >> shift == prefix); };
  do {
    const auto next_digit = [&](uint64_t key) {
      const uint64_t w = word(key);
      return begins_with_prefix(w) ? 255 - static_cast<int>(w >> (shift - 8) & 255u) : -1;
    };
    at = find_place(ids, least, places, next_digit, measure, at.need);
    prefix = prefix << 8 | static_cast<uint64_t>(255 - at.place);
    shift -= 8;
  } while (at.count > 1 && shift > last_shift);
  each_candidate(ids, least, [&](uint64_t key) {
    if (key != 0 && begins_with_prefix(word(key))) places.key[0] = key;
  });
  sync_block();
  return places.key[0];
}

// The key of which this holds: those at least as large are the fewest likeliest whose measures sum up to
// `need`. `least` if all together do not.
template <typename Measure>
QWQ_DEVICE uint64_t least_key(const RankedIds& ids, uint64_t least, const Places& places,
                              const Measure& measure, Weight need) {
  const Found in_bin = find_place(
      ids, least, places, [&](uint64_t key) { return ids.bin(key); }, measure, need);
  if (in_bin.place < 0) return least;
  const auto by_likelihood = [&](uint64_t key) { return ids.bin(key) == in_bin.place ? key : 0; };
  return find_key(ids, least, places, by_likelihood, 0, measure, in_bin.need);
}

// The candidate that holds unit number `unit` of the weights of all, in ascending order of ids.
QWQ_DEVICE int32_t draw(const RankedIds& ids, uint64_t least, const Places& places, Weight unit) {
  const auto by_id = [](uint64_t key) { return key << 32; };
  const auto weight = [](uint64_t key) { return score_weight(value_of(key)); };
  return id_of(find_key(ids, least, places, by_id, 32, weight, unit + 1));
}

}  // namespace qwq::cuda
