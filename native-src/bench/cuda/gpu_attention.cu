#include <algorithm>
#include <cmath>
#include <memory>

#include "bench/cuda/gpu_kernels.h"
#include "formats/random.h"
#include "kernels/cuda/ops.h"

namespace qwq::bench {

namespace {

constexpr int kBlockSize = 32;

// Sequences of one length: `rows` of each, the last ones.
struct Case {
  int64_t n_sequences;
  int64_t rows;
  int64_t context;
};

constexpr Case kCases[] = {{1, 1, 1024},  {1, 1, 4096},  {1, 1, 16384}, {1, 1, 32768},  {4, 1, 4096},
                           {16, 1, 4096}, {64, 1, 1024}, {1, 512, 512}, {1, 512, 4096}, {1, 512, 32768}};

KvLayer layer(const ModelShape& model, KvType type) {
  KvLayer kv = {nullptr, 0, model.n_kv_heads, model.head_dim, kBlockSize, type};
  kv.block_bytes = static_cast<size_t>(2 * model.n_kv_heads * kBlockSize / kKvGroup) * kv.group_bytes();
  return kv;
}

// The rows of a call, in the device's memory.
class Rows {
 public:
  Rows(const Case& which, int rows_of_run) : blocks_each_((which.context + kBlockSize - 1) / kBlockSize) {
    std::vector<int32_t> positions, table_of, tables, run_first;
    for (int64_t s = 0; s < which.n_sequences; ++s) {
      const int32_t begin = static_cast<int32_t>(tables.size());
      for (int64_t b = 0; b < blocks_each_; ++b) tables.push_back(static_cast<int32_t>(tables.size()));
      for (int64_t r = 0; r < which.rows; ++r) {
        if (r % rows_of_run == 0) run_first.push_back(static_cast<int32_t>(positions.size()));
        positions.push_back(static_cast<int32_t>(which.context - which.rows + r));
        table_of.push_back(begin);
      }
    }
    run_first.push_back(static_cast<int32_t>(positions.size()));
    view_.n_rows = static_cast<int64_t>(positions.size());
    view_.n_table_entries = static_cast<int64_t>(tables.size());
    view_.n_runs = static_cast<int64_t>(run_first.size()) - 1;
    view_.most_tokens = which.context;
    view_.n_blocks = static_cast<int32_t>(tables.size());
    view_.positions = keep(positions);
    view_.table_of = keep(table_of);
    view_.tables = keep(tables);
    view_.run_first = keep(run_first);
  }

  const cuda::DeviceRows& view() const { return view_; }

 private:
  const int32_t* keep(const std::vector<int32_t>& values) {
    arrays_.push_back(std::make_unique<GpuArray<int32_t>>(values));
    return arrays_.back()->data();
  }

  int64_t blocks_each_;
  cuda::DeviceRows view_ = {};
  std::vector<std::unique_ptr<GpuArray<int32_t>>> arrays_;
};

// f16 values of a usual size. As levels of q8_0 any bytes will do, as their scales these are small.
void fill(GpuMemory& cache) {
  std::vector<uint16_t> values(1 << 16);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<uint16_t>(0x2c00 + (i * 40503u & 0x83ff));  // 1/16 to 1/8, of both signs
  }
  cache.upload(values.data(), values.size() * 2);
  cache.repeat(values.size() * 2);
}

GpuResult measure(const GpuOptions& options, Gpu& gpu, const ModelShape& model, KvType type,
                  const Case& which) {
  const bool prompt = which.rows > 1;
  const Rows rows(which, cuda::rows_of_run(model.n_heads / model.n_kv_heads, prompt));
  KvLayer kv = layer(model, type);
  const size_t layer_bytes = static_cast<size_t>(rows.view().n_blocks) * kv.block_bytes;
  const size_t n_layers = std::clamp<size_t>(kBytesBetween / layer_bytes, 1, 64);
  GpuMemory cache(std::max<size_t>(n_layers * layer_bytes, 1 << 17));
  fill(cache);
  const int64_t width = int64_t{model.n_heads} * model.head_dim;
  std::vector<float> values(static_cast<size_t>(rows.view().n_rows * width));
  fill_normal(3, 0, 1.0f, values.data(), values.size());
  const GpuArray<float> q(values);
  const GpuMemory out(values.size() * sizeof(float));
  OpLimits limits = {};
  limits.max_rows = rows.view().n_rows;
  limits.max_cols = width;
  limits.n_heads = model.n_heads;
  limits.n_kv_heads = model.n_kv_heads;
  limits.head_dim = model.head_dim;
  limits.n_threads = 1;
  limits.max_context = which.context;
  const GpuMemory scratch(cuda::attention_scratch_bytes(limits) + 16);
  AttentionArgs args = {};
  args.q = q.data();
  args.q_stride = width;
  args.n_rows = rows.view().n_rows;
  args.n_heads = model.n_heads;
  args.scale = 1.0f / std::sqrt(static_cast<float>(model.head_dim));
  args.out = out.as<float>();
  args.recipe = prompt ? Recipe::kPrefill : Recipe::kDecode;
  GpuResult result;
  result.op = "attention";
  result.format = type == KvType::kF16 ? "F16" : "Q8_0";
  result.shape = attention_name(model);
  result.rows = rows.view().n_rows;
  result.context = which.context;
  result.seconds = gpu.time(options.repeats, static_cast<double>(n_layers), [&](cuda::Stream& stream) {
    for (size_t l = 0; l < n_layers; ++l) {
      kv.base = cache.data() + l * layer_bytes;
      args.kv = kv;
      cuda::attention(stream, args, rows.view(), scratch.data());
    }
  });
  // Positions that the rows see, all together: the last `rows` of a context.
  const double seen = static_cast<double>(which.n_sequences) * static_cast<double>(which.rows) *
                      (static_cast<double>(which.context) - static_cast<double>(which.rows - 1) / 2);
  result.bytes = static_cast<double>(layer_bytes) + 8.0 * static_cast<double>(values.size());
  result.operations = 4 * seen * static_cast<double>(width);
  return result;
}

}  // namespace

void bench_gpu_attention(const GpuOptions& options, Gpu& gpu, GpuReport& report) {
  for (const ModelShape& model : model_shapes()) {
    if (!has_shape(options, model)) continue;
    for (const KvType type : {KvType::kF16, KvType::kQ8_0}) {
      for (const Case& which : kCases) report.add(measure(options, gpu, model, type, which));
    }
  }
}

}  // namespace qwq::bench
