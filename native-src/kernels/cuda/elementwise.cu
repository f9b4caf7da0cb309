// Operators whose elements do not meet: embed, swiglu, add, rope. The bits are those of the cpu backend.
#include "kernels/cuda/exp.cuh"
#include "kernels/cuda/matmul_floats.cuh"
#include "kernels/cuda/ops.h"

namespace qwq::cuda {

namespace {

constexpr int kThreads = 256;

QWQ_DEVICE int64_t global_index() { return int64_t{block_x()} * kThreads + thread_index(); }

int64_t blocks_for(int64_t n) { return ceil_div(n, kThreads); }

// A thread decodes a block of 32 elements of a quantised table, or an element of one that holds floats.
// Exact: decoding rounds as the format says.
template <class Format>
QWQ_KERNEL void QWQ_THREADS(kThreads)
    embed_kernel(Global<const uint8_t> table, int64_t row_bytes, int64_t cols, Global<const int32_t> tokens,
                 int64_t n_rows, Global<float> out) {
  constexpr int kElements = kIsPlain<Format> ? 1 : 32;
  const int64_t index = global_index();
  const int64_t pieces = cols / kElements;
  if (index >= n_rows * pieces) return;
  const int64_t row = index / pieces;
  const int64_t column = index % pieces * kElements;
  const Global<const uint8_t> weights = table + static_cast<int64_t>(tokens[row]) * row_bytes;
  const Global<float> values = out + row * cols + column;
  if constexpr (kIsPlain<Format>) {
    values[0] = DeviceFloat<Format>::load(weights + column * Format::kBlockBytes);
  } else {
    using Traits = DeviceFormat<Format>;
    WeightBlock w;
    load_block<Format>(weights + column / kGroupElements * kGroupBytes<Format>,
                 static_cast<int>(column % kGroupElements / 32), &w);
    QWQ_UNROLL
    for (int i = 0; i < 32; ++i) {
      const int half = i / 16;
      const int32_t level = static_cast<int8_t>(w.q[i / 4] >> (8 * (i % 4)) & 0xffu);
      const float step = Traits::kHalves ? w.d * static_cast<float>(w.s[half]) : w.d;
      float value = step * static_cast<float>(level);
      if constexpr (Traits::kMinimum) value += w.m[Traits::kHalves ? half : 0];
      values[i] = value;
    }
  }
}

struct Embedding {
  Stream& stream;
  const EmbedArgs& args;

  template <class Format>
  void run() const {
    const Tensor& t = *args.table;
    Launch launch(stream, "embed");
    const auto table = launch.in("table", reinterpret_cast<const uint8_t*>(t.data),
                                 (static_cast<size_t>(t.rows) * t.row_bytes + 15) / 16 * 16);
    const auto tokens = launch.in("tokens", args.tokens, static_cast<size_t>(args.n_rows));
    const auto out = launch.out("out", args.out, static_cast<size_t>(args.n_rows * t.cols));
    const int64_t threads = args.n_rows * (kIsPlain<Format> ? t.cols : t.cols / 32);
    launch.run({.grid_x = blocks_for(threads), .threads = kThreads}, embed_kernel<Format>, table,
               static_cast<int64_t>(t.row_bytes), t.cols, tokens, args.n_rows, out);
  }
};

QWQ_KERNEL void QWQ_THREADS(kThreads)
    swiglu_kernel(Global<const float> gate, Global<const float> up, int64_t n, Global<float> out) {
  const int64_t i = global_index();
  if (i >= n) return;
  const float g = gate[i];
  out[i] = g / (1.0f + exponential(0.0f - g)) * up[i];
}

QWQ_KERNEL void QWQ_THREADS(kThreads) add_kernel(Global<float> x, Global<const float> y, int64_t n) {
  const int64_t i = global_index();
  if (i < n) x[i] = x[i] + y[i];
}

// A thread rotates the pairs i of all heads of a row: one sine and cosine for them.
QWQ_KERNEL void QWQ_THREADS(kThreads)
    rope_kernel(Global<float> x, int64_t x_stride, int64_t n_rows, int n_heads, int head_dim,
                Global<const int32_t> positions, Global<const float> inv_freq, float attention_factor) {
  const int half = head_dim / 2;
  const int64_t index = global_index();
  if (index >= n_rows * half) return;
  const int64_t row = index / half;
  const int i = static_cast<int>(index % half);
  const float angle = static_cast<float>(static_cast<int32_t>(positions[row])) * inv_freq[i];
  const float c =
      static_cast<float>(cosine(static_cast<double>(angle)) * static_cast<double>(attention_factor));
  const float s =
      static_cast<float>(sine(static_cast<double>(angle)) * static_cast<double>(attention_factor));
  for (int h = 0; h < n_heads; ++h) {
    const Global<float> head = x + row * x_stride + int64_t{h} * head_dim;
    const float a = head[i];
    const float b = head[i + half];
    head[i] = a * c - b * s;
    head[i + half] = b * c + a * s;
  }
}

}  // namespace

void embed(Stream& stream, const EmbedArgs& args) {
  visit_format(args.table->dtype, Embedding{stream, args});
}

void swiglu(Stream& stream, const SwigluArgs& args) {
  const int64_t n = args.n_rows * args.n_cols;
  Launch launch(stream, "swiglu");
  const auto up = launch.in("up", args.up, static_cast<size_t>(n));
  const LaunchShape shape = {.grid_x = blocks_for(n), .threads = kThreads};
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
  launch.run({.grid_x = blocks_for(args.count), .threads = kThreads}, add_kernel, x, y, args.count);
}

void rope(Stream& stream, const RopeArgs& args) {
  Launch launch(stream, "rope");
  const auto x = launch.update("x", args.x, static_cast<size_t>(args.n_rows),
                               static_cast<size_t>(args.n_heads) * static_cast<size_t>(args.head_dim),
                               static_cast<size_t>(args.x_stride));
  const auto positions = launch.in("positions", args.positions, static_cast<size_t>(args.n_rows));
  const auto inv_freq = launch.in("inv_freq", args.inv_freq, static_cast<size_t>(args.head_dim / 2));
  launch.run({.grid_x = blocks_for(args.n_rows * (args.head_dim / 2)), .threads = kThreads}, rope_kernel, x,
             args.x_stride, args.n_rows, args.n_heads, args.head_dim, positions, inv_freq,
             args.attention_factor);
}

}  // namespace qwq::cuda
