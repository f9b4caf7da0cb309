#include "bench/matmul_bench.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "bench/shapes.h"
#include "bench/workbench.h"
#include "formats/format_table.h"

namespace qwq::bench {
namespace {

constexpr int kDecodeRows[] = {1, 4, 16};
constexpr int kPrefillRows[] = {64, 512};

struct Case {
  int64_t rows;
  Recipe recipe;
};

// Rows that are asked for but not usual are decoded up to 16, prefilled beyond.
std::vector<Case> cases(const Options& options, const MatmulShape& shape) {
  std::vector<Case> all;
  const auto add = [&](int rows) {
    const Recipe recipe = rows <= 16 ? Recipe::kDecode : Recipe::kPrefill;
    if (recipe == Recipe::kPrefill && shape.last_row_only) return;
    all.push_back({rows, recipe});
  };
  if (!options.rows.empty()) {
    std::ranges::for_each(options.rows, add);
  } else {
    std::ranges::for_each(kDecodeRows, add);
    std::ranges::for_each(kPrefillRows, add);
  }
  return all;
}

size_t row_bytes(const FormatInfo& format, int64_t cols) {
  return static_cast<size_t>(cols / format.block_elements * format.block_bytes);
}

size_t copy_bytes(const FormatInfo& format, const MatmulShape& shape) {
  size_t bytes = 0;
  for (const int64_t rows : shape.job_rows) {
    bytes += (static_cast<size_t>(rows) * row_bytes(format, shape.cols) + 63) / 64 * 64;
  }
  return bytes;
}

size_t copies(const Options& options, const FormatInfo& format, const MatmulShape& shape) {
  const size_t one = copy_bytes(format, shape);
  return ((options.weight_mebibytes << 20) + one - 1) / one;
}

std::vector<MatmulShape> selected_shapes(const Options& options) {
  std::vector<MatmulShape> shapes;
  for (const ModelShape& model : model_shapes()) {
    for (MatmulShape& shape : matmul_shapes(model)) {
      if (selected_prefix(options.shapes, shape.name)) shapes.push_back(std::move(shape));
    }
  }
  return shapes;
}

// Valid blocks without end: some thousands really quantised ones, repeated. A block is valid at any place, so
// all shapes can share them.
void fill_with_blocks(ThreadPool& pool, const FormatInfo& format, const Buffer& buffer) {
  constexpr int64_t kElements = 1 << 18;
  const std::vector<float> values = normal(kElements, 1, 0.02f);
  const int64_t n_blocks = kElements / format.block_elements;
  std::vector<std::byte> blocks(static_cast<size_t>(n_blocks * format.block_bytes));
  pool.parallel_for(n_blocks, [&](int64_t block, int) {
    format.quantize_row(values.data() + block * format.block_elements,
                        blocks.data() + block * format.block_bytes, format.block_elements);
  });
  const size_t pieces = (buffer.bytes() + blocks.size() - 1) / blocks.size();
  pool.parallel_for(static_cast<int64_t>(pieces), [&](int64_t piece, int) {
    const size_t offset = static_cast<size_t>(piece) * blocks.size();
    std::memcpy(buffer.data() + offset, blocks.data(), std::min(blocks.size(), buffer.bytes() - offset));
  });
}

// Copy after copy of a matrix (or of those that share an input), and what a call needs.
class Problem {
 public:
  Problem(const FormatInfo& format, const MatmulShape& shape, const Buffer& weights, size_t n_copies,
          int64_t rows, Recipe recipe)
      : x_(normal(static_cast<size_t>(rows * shape.cols), 2)),
        out_(static_cast<size_t>(rows * shape.out_columns())) {
    tensors_.reserve(n_copies * shape.job_rows.size());
    jobs_.reserve(tensors_.capacity());
    const std::byte* data = weights.data();
    for (size_t copy = 0; copy < n_copies; ++copy) {
      float* out = out_.data();
      for (const int64_t n : shape.job_rows) {
        const size_t bytes = row_bytes(format, shape.cols);
        tensors_.push_back({data, bytes, n, shape.cols, format.dtype});
        jobs_.push_back({&tensors_.back(), nullptr, out, shape.out_columns()});
        data += (static_cast<size_t>(n) * bytes + 63) / 64 * 64;
        out += n;
      }
    }
    args_.n_jobs = static_cast<int>(shape.job_rows.size());
    args_.x = x_.data();
    args_.n_rows = rows;
    args_.cols = shape.cols;
    args_.recipe = recipe;
  }

  void call(const Backend& backend, OpContext& ctx, size_t copy) {
    args_.jobs = jobs_.data() + copy * static_cast<size_t>(args_.n_jobs);
    backend.matmul(ctx, args_);
  }

 private:
  std::vector<float> x_;
  std::vector<float> out_;
  std::vector<Tensor> tensors_;
  std::vector<MatmulJob> jobs_;
  MatmulArgs args_ = {};
};

Result measure(const Options& options, ThreadPool& pool, const Backend& backend, const FormatInfo& format,
               const MatmulShape& shape, const Case& which, const Buffer& weights, const ReadLimit* pattern) {
  OpLimits limits = {};
  limits.max_rows = which.rows;
  limits.max_cols = shape.cols;
  limits.n_heads = 1;
  limits.n_kv_heads = 1;
  limits.head_dim = 2;
  limits.n_threads = pool.size();
  limits.max_context = 1;
  Workbench bench(pool, backend, limits);

  const bool decode = which.recipe == Recipe::kDecode;
  const size_t n_copies = copies(options, format, shape);
  const size_t copies_a_call = decode ? n_copies : 1;
  Problem problem(format, shape, weights, n_copies, which.rows, which.recipe);
  size_t next = 0;
  std::vector<double> reads;
  const auto multiply = [&] {
    for (size_t c = 0; c < copies_a_call; ++c) problem.call(backend, bench.ctx(), next++ % n_copies);
  };
  const auto read = [&] {
    if (!decode || pattern == nullptr) return;
    reads.push_back(read_rate(options, *pattern, weights.data(), n_copies * copy_bytes(format, shape)));
  };
  const Spread seconds = time_calls(options.repeats, multiply, read);
  const double weight_count = static_cast<double>(shape.weights()) * static_cast<double>(copies_a_call);
  Result result;
  result.op = "matmul";
  result.recipe = decode ? "decode" : "prefill";
  result.isa = backend.name;
  result.format = format.name;
  result.shape = shape.name;
  result.rows = which.rows;
  result.context = 0;
  result.pages = options.pages;
  result.seconds = seconds;
  result.bytes = weight_count / format.block_elements * format.block_bytes;
  result.ops = 2 * weight_count * static_cast<double>(which.rows);
  result.memory_bound = decode;
  result.read_bytes_second = spread(std::move(reads));
  return result;
}

}  // namespace

void bench_matmul(const Options& options, ThreadPool& pool, const Limits& limits, Report& report) {
  const ReadLimit* pattern = limits.best_read(options.pages);
  const std::vector<MatmulShape> shapes = selected_shapes(options);
  for (const FormatInfo& format : all_formats()) {
    if (!selected(options.formats, format.name)) continue;
    size_t bytes = 0;
    for (const MatmulShape& shape : shapes) {
      bytes = std::max(bytes, copies(options, format, shape) * copy_bytes(format, shape));
    }
    if (bytes == 0) continue;
    const Buffer weights(bytes, options.pages, options.folder);
    fill_with_blocks(pool, format, weights);
    weights.settle();
    for (const Backend* backend : backends(options)) {
      for (const MatmulShape& shape : shapes) {
        if (shape.cols % format.block_elements != 0) {
          report.skip(std::string(format.name) + " " + shape.name, "a row is no whole number of blocks");
          continue;
        }
        for (const Case& which : cases(options, shape)) {
          report.add(measure(options, pool, *backend, format, shape, which, weights, pattern));
        }
      }
    }
  }
}

}  // namespace qwq::bench
