#pragma once

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace qwq::bench {

// Median and extremes of repeated measurements of one thing.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
  int count = 0;
};

inline Spread spread(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  const double median = (values[(n - 1) / 2] + values[n / 2]) / 2;
  return {median, values.front(), values.back(), static_cast<int>(n)};
}

// amount / seconds; the slowest run gives the lowest rate.
inline Spread rate(double amount, const Spread& seconds) {
  return {amount / seconds.median, amount / seconds.max, amount / seconds.min, seconds.count};
}

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A measurement that has taken this long is not repeated any more.
inline constexpr double kBudgetSeconds = 4;

// Seconds of up to `repeats` calls, before each of which `before` is called. A first call warms caches up and
// is not counted, unless it is so long that warming up is no part of it.
template <typename F, typename B>
Spread time_calls(int repeats, F&& call, B&& before) {
  std::vector<double> seconds;
  const double begin = now();
  call();
  const double first = now() - begin;
  if (first > kBudgetSeconds / 2) seconds.push_back(first);
  while (static_cast<int>(seconds.size()) < repeats && (seconds.empty() || now() - begin < kBudgetSeconds)) {
    before();
    const double start = now();
    call();
    seconds.push_back(now() - start);
  }
  return spread(std::move(seconds));
}

template <typename F>
Spread time_calls(int repeats, F&& call) {
  return time_calls(repeats, call, [] {});
}

}  // namespace qwq::bench
