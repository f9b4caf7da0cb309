// Operators whose elements do not meet: swiglu, add, gather, rope. The bits are those of the cpu backend.
#include "kernels/cuda/exp.cuh"
#include "kernels/cuda/ops.h"

namespace qwq::cuda {

namespace {

constexpr int kThreads = 256;

QWQ_DEVICE int64_t global_index() { return int64_t{block_x()} * kThreads + thread_index(); }

int64_t blocks_for(int64_t n) { return ceil_div(n, kThreads); }

QWQ_KERNEL void QWQ_THREADS(kThreads)
    swiglu_kernel(Global<const float> gate, Global<const float> up, int64_t n, Global<float> out) {
  wait_for_earlier_launches();
  const int64_t i = global_index();
  if (i >= n) return;
  const float g = gate[i];
  out[i] = g / (1.0f + exponential(0.0f - g)) * up[i];
}

QWQ_KERNEL void QWQ_THREADS(kThreads) add_kernel(Global<float> x, Global<const float> y, int64_t n) {
  wait_for_earlier_launches();
  const int64_t i = global_index();
  if (i < n) x[i] = x[i] + y[i];
}

QWQ_KERNEL void QWQ_THREADS(kThreads) gather_kernel(Global<const float> x, Global<const int32_t> rows,
                                                    int64_t n_rows, int64_t n_cols, Global<float> out) {
  wait_for_earlier_launches();
  const int64_t i = global_index();
  if (i >= n_rows * n_cols) return;
  out[i] = x[static_cast<int32_t>(rows[i / n_cols]) * n_cols + i % n_cols];
}

// Heads of a row that share a sine and cosine: few enough that all are on their way at once.
constexpr int kHeadsOfThread = 8;

// A thread rotates the pairs i of kHeadsOfThread heads of a row.
QWQ_KERNEL void QWQ_THREADS(kThreads)
    rope_kernel(Global<float> x, int64_t x_stride, int64_t n_rows, int n_heads, int head_dim,
                Global<const int32_t> positions, Global<const float> inv_freq, float attention_factor) {
  wait_for_earlier_launches();
  const int half = head_dim / 2;
  const int64_t index = global_index();
  const int parts = static_cast<int>(ceil_div(n_heads, kHeadsOfThread));
  if (index >= n_rows * parts * half) return;
  const int i = static_cast<int>(index % half);
  const int first_head = static_cast<int>(index / half % parts) * kHeadsOfThread;
  const int64_t row = index / half / parts;
  const Global<float> heads = x + row * x_stride + int64_t{first_head} * head_dim + i;
  float a[kHeadsOfThread];
  float b[kHeadsOfThread];
  QWQ_UNROLL
  for (int h = 0; h < kHeadsOfThread; ++h) {
    const int head = first_head + h < n_heads ? h : 0;
    a[h] = heads[head * head_dim];
    b[h] = heads[head * head_dim + half];
  }
  const float angle = static_cast<float>(static_cast<int32_t>(positions[row])) * inv_freq[i];
  const float c =
      static_cast<float>(cosine(static_cast<double>(angle)) * static_cast<double>(attention_factor));
  const float s =
      static_cast<float>(sine(static_cast<double>(angle)) * static_cast<double>(attention_factor));
  QWQ_UNROLL
  for (int h = 0; h < kHeadsOfThread; ++h) {
    if (first_head + h >= n_heads) break;
    heads[h * head_dim] = a[h] * c - b[h] * s;
    heads[h * head_dim + half] = b[h] * c + a[h] * s;
  }
}

}  // namespace

void swiglu(Stream& stream, const SwigluArgs& args) {
  const int64_t n = args.n_rows * args.n_cols;
  Launch launch(stream, "swiglu");
  const auto up = launch.in("up", args.up, static_cast<size_t>(n));
  const LaunchShape shape = {.grid_x = blocks_for(n), .threads = kThreads, .early = true};
  if (args.out == args.gate) {
    const Global<float> both = launch.update("gate", args.out, static_cast<size_t>(n));
    launch.run(shape, swiglu_kernel, both, up, n, both);
  } else {
    const auto gate = launch.in("gate", args.gate, static_cast<size_t>(n));
    launch.run(shape, swiglu_kernel, gate, up, n, launch.out("out", args.out, static_cast<size_t>(n)));
  }
}

void add(Stream& stream, const AddArgs& args) {
  if (args.count == 0) return;
  Launch launch(stream, "add");
  const auto x = launch.update("x", args.x, static_cast<size_t>(args.count));
  const auto y = launch.in("y", args.y, static_cast<size_t>(args.count));
  launch.run({.grid_x = blocks_for(args.count), .threads = kThreads, .early = true}, add_kernel, x, y,
             args.count);
}

void gather(Stream& stream, const GatherArgs& args, int64_t n_x_rows) {
  const size_t n = static_cast<size_t>(args.n_rows * args.n_cols);
  Launch launch(stream, "gather");
  const auto x = launch.in("x", args.x, static_cast<size_t>(n_x_rows * args.n_cols));
  const auto rows = launch.in("rows", args.rows, static_cast<size_t>(args.n_rows));
  const auto out = launch.out("out", args.out, n);
  launch.run({.grid_x = blocks_for(args.n_rows * args.n_cols), .threads = kThreads, .early = true},
             gather_kernel, x, rows, args.n_rows, args.n_cols, out);
}

void rope(Stream& stream, const RopeArgs& args) {
  Launch launch(stream, "rope");
  const auto x = launch.update("x", args.x, static_cast<size_t>(args.n_rows),
                               static_cast<size_t>(args.n_heads) * static_cast<size_t>(args.head_dim),
                               static_cast<size_t>(args.x_stride));
  const auto positions = launch.in("positions", args.positions, static_cast<size_t>(args.n_rows));
  const auto inv_freq = launch.in("inv_freq", args.inv_freq, static_cast<size_t>(args.head_dim / 2));
  launch.run(
      {.grid_x = blocks_for(args.n_rows * ceil_div(args.n_heads, kHeadsOfThread) * (args.head_dim / 2)),
       .threads = kThreads,
       .early = true},
      rope_kernel, x, args.x_stride, args.n_rows, args.n_heads, args.head_dim, positions, inv_freq,
      args.attention_factor);
}

}  // namespace qwq::cuda
