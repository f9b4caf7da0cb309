// What all threads of a block bring, put together.
#pragma once

#include "kernels/cuda/simt.h"

namespace qwq::cuda {

// combine over the values of all threads, in any order: it must not matter. Every thread gets the result.
template <int kThreads, typename T, typename Combine>
QWQ_DEVICE T combine_block(T value, const Combine& combine) {
  QWQ_SHARED(T, parts, kThreads / kWarp);
  QWQ_UNROLL
  for (int width = kWarp / 2; width > 0; width /= 2) {
    value = combine(value, shuffle_xor(kAllLanes, value, width));
  }
  sync_block();  // parts of the last time have been read
  if (lane_index() == 0) parts[warp_index()] = value;
  sync_block();
  value = parts[0];
  QWQ_UNROLL
  for (int w = 1; w < kThreads / kWarp; ++w) value = combine(value, static_cast<T>(parts[w]));
  return value;
}

template <int kThreads, typename T>
QWQ_DEVICE T sum_block(T value) {
  return combine_block<kThreads>(value, [](T a, T b) { return a + b; });
}

template <int kThreads>
QWQ_DEVICE float max_block(float value) {
  return combine_block<kThreads>(value, [](float a, float b) { return a > b ? a : b; });
}

// The sum of the values of threads 0 .. own.
template <int kThreads, typename T>
QWQ_DEVICE T running_sum_block(T value) {
  QWQ_SHARED(T, totals, kThreads / kWarp);
  QWQ_UNROLL
  for (int distance = 1; distance < kWarp; distance *= 2) {
    const int source = lane_index() - distance;
    const T before = shuffle(kAllLanes, value, source < 0 ? 0 : source);
    if (source >= 0) value += before;
  }
  sync_block();  // totals of the last time have been read
  if (lane_index() == kWarp - 1) totals[warp_index()] = value;
  sync_block();
  for (int w = 0; w < warp_index(); ++w) value += totals[w];
  return value;
}

}  // namespace qwq::cuda
