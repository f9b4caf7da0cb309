#include "bench/cuda/gpu_kernels.h"
#include "formats/random.h"
#include "kernels/cuda/ops.h"

namespace qwq::bench {

namespace {

constexpr int64_t kRows[] = {1, 64, 512};
constexpr int kCalls = 100;

class Elementwise {
 public:
  Elementwise(const GpuOptions& options, Gpu& gpu, GpuReport& report, const ModelShape& model, int64_t n_rows)
      : options_(options),
        gpu_(gpu),
        report_(report),
        model_(model),
        n_rows_(n_rows),
        values_(static_cast<size_t>(n_rows * model.intermediate)),
        x_(normal(4)),
        y_(normal(5)),
        out_(values_.size() * sizeof(float)),
        positions_(std::vector<int32_t>(static_cast<size_t>(n_rows), 1000)) {}

  void run() {
    const double hidden = static_cast<double>(n_rows_ * model_.hidden);
    const double inner = static_cast<double>(n_rows_ * model_.intermediate);
    const int64_t q = int64_t{model_.n_heads} * model_.head_dim;
    measure("rms_norm", 8 * hidden, 3 * hidden, [&](cuda::Stream& stream) {
      cuda::rms_norm(stream, {x_.data(), y_.data(), 1e-6f, n_rows_, model_.hidden, out_.as<float>()});
    });
    measure("rope", 8.0 * static_cast<double>(n_rows_ * q), 3.0 * static_cast<double>(n_rows_ * q),
            [&](cuda::Stream& stream) {
              cuda::rope(stream, {out_.as<float>(), q, n_rows_, model_.n_heads, model_.head_dim,
                                  positions_.data(), y_.data(), 1.0f});
            });
    measure("swiglu", 12 * inner, 4 * inner, [&](cuda::Stream& stream) {
      cuda::swiglu(stream, {x_.data(), y_.data(), n_rows_, model_.intermediate, out_.as<float>()});
    });
    measure("add", 12 * hidden, hidden, [&](cuda::Stream& stream) {
      cuda::add(stream, {out_.as<float>(), y_.data(), n_rows_ * model_.hidden});
    });
  }

 private:
  const std::vector<float>& normal(uint64_t stream) {
    fill_normal(stream, 0, 1.0f, values_.data(), values_.size());
    return values_;
  }

  template <typename Call>
  void measure(const char* op, double bytes, double operations, Call&& call) {
    GpuResult result;
    result.op = op;
    result.format = "F32";
    result.shape = model_.name;
    result.rows = n_rows_;
    result.context = 0;
    result.seconds = gpu_.time(options_.repeats, kCalls, [&](cuda::Stream& stream) {
      for (int i = 0; i < kCalls; ++i) call(stream);
    });
    result.bytes = bytes;
    result.operations = operations;
    report_.add(result);
  }

  const GpuOptions& options_;
  Gpu& gpu_;
  GpuReport& report_;
  const ModelShape& model_;
  int64_t n_rows_;
  std::vector<float> values_;
  GpuArray<float> x_;
  GpuArray<float> y_;
  GpuMemory out_;
  GpuArray<int32_t> positions_;
};

}  // namespace

// These fit the caches, as they do between two matrices.
void bench_gpu_elementwise(const GpuOptions& options, Gpu& gpu, GpuReport& report) {
  for (const ModelShape& model : model_shapes()) {
    if (!has_shape(options, model)) continue;
    for (const int64_t n_rows : kRows) Elementwise(options, gpu, report, model, n_rows).run();
  }
}

}  // namespace qwq::bench
