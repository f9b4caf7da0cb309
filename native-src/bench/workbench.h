#pragma once

#include <cstdint>
#include <vector>

#include "bench/options.h"
#include "formats/random.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"
#include "runtime/pages.h"

namespace qwq::bench {

// All inputs follow from it.
inline constexpr uint64_t kSeed = 20250306;

inline std::vector<float> normal(size_t count, uint64_t stream, float stddev = 1.0f) {
  std::vector<float> values(count);
  fill_normal(kSeed + stream, 0, stddev, values.data(), count);
  return values;
}

// The context of operators, as an engine gives it to them.
class Workbench {
 public:
  Workbench(ThreadPool& pool, const Backend& backend, const OpLimits& limits)
      : scratch_(backend.scratch_bytes(limits), "scratch"),
        ctx_{&pool, nullptr, scratch_.data(), scratch_.bytes()} {}
  OpContext& ctx() { return ctx_; }

 private:
  Pages scratch_;
  OpContext ctx_;
};

// The variants to measure, least first.
std::vector<const Backend*> backends(const Options& options);

}  // namespace qwq::bench
