// What the operator tests share: which backends to test, random inputs, a context with guarded scratch.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/format_table.h"
#include "formats/random.h"
#include "kernels/backend.h"
#include "kernels/cpu/isa.h"
#include "kernels/thread_pool.h"
#include "tests/check.h"
#include "tests/guarded.h"

namespace qwq::test {

// Printed by every test program: all inputs follow from it.
inline constexpr uint64_t kSeed = 20250306;

struct Variant {
  const Backend* backend;
  int lanes;  // of f32 in a vector
};

// The cpu variants this machine can run.
inline std::vector<Variant> usable_variants() {
  std::vector<Variant> variants;
  for (const CpuIsa& isa : cpu_isas()) {
    const std::string_view name(isa.name);
    const bool widest = name.starts_with("avx512") || name == "amx";
    const int lanes = widest ? 16 : name == "avx2" ? 8 : 4;
    if (isa.usable()) variants.push_back({cpu_backend(isa.name), lanes});
  }
  return variants;
}

inline std::vector<float> normal(size_t n, uint64_t stream, float stddev = 1.0f) {
  std::vector<float> x(n);
  fill_normal(kSeed + stream, 0, stddev, x.data(), n);
  return x;
}

// A pool and scratch of exactly the size the backend asks for, flush against a guard page.
class Context {
 public:
  Context(const Backend& backend, const OpLimits& limits)
      : pool_(limits.n_threads), scratch_(padded(backend.scratch_bytes(limits)), Flush::kEnd) {
    ctx_ = {&pool_, nullptr, scratch_.data(), scratch_.size()};
    // Whatever lies in scratch must not matter: fill it with NaN.
    std::memset(scratch_.data(), 0xff, scratch_.size());
  }
  OpContext& operator*() { return ctx_; }

 private:
  // Scratch is promised to be aligned to 64 bytes, so its size must be a multiple to end at the guard page.
  static size_t padded(size_t bytes) { return (bytes + 63) / 64 * 64; }

  ThreadPool pool_;
  Guarded<std::byte> scratch_;
  OpContext ctx_;
};

inline OpLimits limits_for(int64_t max_cols, int n_threads) {
  OpLimits limits = {};
  limits.max_rows = 576;
  limits.max_cols = max_cols;
  limits.n_heads = 1;
  limits.n_kv_heads = 1;
  limits.head_dim = 2;
  limits.n_threads = n_threads;
  limits.max_context = 1;
  return limits;
}

// A random weight matrix in a format, in memory that ends or begins at a guard page.
class Weight {
 public:
  Weight(DType dtype, int64_t rows, int64_t cols, uint64_t stream, Flush flush = Flush::kEnd)
      : Weight(dtype, rows, cols, normal(static_cast<size_t>(rows * cols), stream), flush) {}

  Weight(DType dtype, int64_t rows, int64_t cols, const std::vector<float>& values, Flush flush)
      : bytes_(bytes_for(dtype, rows * cols), flush) {
    const FormatInfo& format = *find_format(dtype);
    tensor_.data = bytes_.data();
    tensor_.row_bytes = bytes_for(dtype, cols);
    tensor_.rows = rows;
    tensor_.cols = cols;
    tensor_.dtype = dtype;
    for (int64_t r = 0; r < rows; ++r) {
      format.quantize_row(values.data() + r * cols,
                          bytes_.data() + static_cast<size_t>(r) * tensor_.row_bytes, cols);
    }
  }
  Weight(const Weight&) = delete;

  const Tensor& tensor() const { return tensor_; }
  std::vector<float> decoded_row(int64_t r) const {
    std::vector<float> row(static_cast<size_t>(tensor_.cols));
    find_format(tensor_.dtype)->dequantize_row(tensor_.row(r), row.data(), tensor_.cols);
    return row;
  }

 private:
  static size_t bytes_for(DType dtype, int64_t elements) {
    const FormatInfo& format = *find_format(dtype);
    return static_cast<size_t>(elements / format.block_elements * format.block_bytes);
  }

  Guarded<std::byte> bytes_;
  Tensor tensor_;
};

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace qwq::test

#define QWQ_OPS_TEST_MAIN                                                            \
  int main(int argc, char** argv) {                                                  \
    std::printf("seed %llu\n", static_cast<unsigned long long>(::qwq::test::kSeed)); \
    return ::qwq::test::run(argc, argv);                                             \
  }
