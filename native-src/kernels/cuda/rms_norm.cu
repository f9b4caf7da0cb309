// rms_norm by the recipe of kernels/cpu/rms_norm.h, to the bit.
#include "kernels/cuda/ops.h"

namespace qwq::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int kLanes = 64;      // of the sum of squares
constexpr int kTailLanes = 16;  // that take what comes after the last whole 64
constexpr int kChunk = 8192;    // elements of a row in shared memory

// A row of x, or of x + y, which then takes the place of x. A thread always reads and writes the same
// elements.
struct Row {
  Global<const float> x;

  QWQ_DEVICE_MEMBER void skip(int64_t n) { x += n; }
  QWQ_DEVICE_MEMBER float fetch(int64_t i) const { return x[i]; }
  QWQ_DEVICE_MEMBER float again(int64_t i) const { return x[i]; }
};
struct SumRow {
  Global<float> x;
  Global<const float> y;

  QWQ_DEVICE_MEMBER void skip(int64_t n) {
    x += n;
    y += n;
  }
  QWQ_DEVICE_MEMBER float fetch(int64_t i) const {
    const float sum = x[i] + y[i];
    x[i] = sum;
    return sum;
  }
  QWQ_DEVICE_MEMBER float again(int64_t i) const { return x[i]; }
};

// A block of threads a row: all fetch it, 64 sum it, all write it.
template <class Source>
QWQ_KERNEL void QWQ_THREADS(kThreads)
    rms_norm_kernel(Source row, Global<const float> weight, float eps, int64_t n_cols, Global<float> out) {
  QWQ_SHARED(float, chunk, kChunk);
  QWQ_SHARED(float, sums, kLanes);
  QWQ_SHARED(float, scale, 1);
  wait_for_earlier_launches();
  const int t = thread_index();
  row.skip(int64_t{block_x()} * n_cols);
  out += int64_t{block_x()} * n_cols;
  const int64_t whole = n_cols / kLanes * kLanes;
  float sum = 0.0f;
  for (int64_t first = 0; first < n_cols; first += kChunk) {
    const int n = static_cast<int>(n_cols - first < kChunk ? n_cols - first : kChunk);
    if (first > 0) sync_block();
    QWQ_UNROLL_BY(8)
    for (int i = t; i < n; i += kThreads) chunk[i] = row.fetch(first + i);
    sync_block();
    if (t >= kLanes) continue;
    const int end = static_cast<int>(whole - first < n ? whole - first : n);
    QWQ_UNROLL_BY(16)
    for (int i = t; i < end; i += kLanes) {
      const float v = chunk[i];
      sum = fma(v, v, sum);
    }
    if (t >= kTailLanes) continue;
    for (int i = (end > 0 ? end : 0) + t; i < n; i += kTailLanes) {
      const float v = chunk[i];
      sum = fma(v, v, sum);
    }
  }
  if (t < kLanes) sums[t] = sum;
  sync_block();
  if (t < kWarp) {
    const int l = t % kTailLanes;
    float total = (sums[l] + sums[l + 16]) + (sums[l + 32] + sums[l + 48]);
    QWQ_UNROLL
    for (int width = kTailLanes / 2; width > 0; width /= 2) total += shuffle_xor(kAllLanes, total, width);
    if (t == 0) scale[0] = 1.0f / square_root(total / static_cast<float>(n_cols) + eps);
  }
  sync_block();
  const float factor = scale[0];
  QWQ_UNROLL_BY(8)
  for (int64_t i = t; i < n_cols; i += kThreads) {
    out[i] = (n_cols <= kChunk ? static_cast<float>(chunk[static_cast<int>(i)]) : row.again(i)) * factor *
             weight[i];
  }
}

}  // namespace

void rms_norm(Stream& stream, const RmsNormArgs& args) {
  const size_t n = static_cast<size_t>(args.n_rows * args.n_cols);
  Launch launch(stream, "rms_norm");
  const auto weight = launch.in("weight", args.weight, static_cast<size_t>(args.n_cols));
  const LaunchShape shape = {.grid_x = args.n_rows, .threads = kThreads, .early = true};
  if (args.out == args.x) {
    const Global<float> both = launch.update("x", args.out, n);
    launch.run(shape, rms_norm_kernel<Row>, Row{both}, weight, args.eps, args.n_cols, both);
  } else {
    const auto x = launch.in("x", args.x, n);
    launch.run(shape, rms_norm_kernel<Row>, Row{x}, weight, args.eps, args.n_cols,
               launch.out("out", args.out, n));
  }
}

void add_rms_norm(Stream& stream, const AddRmsNormArgs& args) {
  const size_t n = static_cast<size_t>(args.n_rows * args.n_cols);
  Launch launch(stream, "add_rms_norm");
  const auto x = launch.update("x", args.x, n);
  const auto y = launch.in("y", args.y, n);
  const auto weight = launch.in("weight", args.weight, static_cast<size_t>(args.n_cols));
  launch.run({.grid_x = args.n_rows, .threads = kThreads, .early = true}, rms_norm_kernel<SumRow>,
             SumRow{x, y}, weight, args.eps, args.n_cols, launch.out("out", args.out, n));
}

}  // namespace qwq::cuda
