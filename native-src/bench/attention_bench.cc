#include "bench/attention_bench.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bench/shapes.h"
#include "bench/workbench.h"
#include "runtime/kv_cache.h"
#include "runtime/model.h"

namespace qwq::bench {
namespace {

// The engine's defaults.
constexpr int kBlockTokens = 32;
constexpr int64_t kChunkRows = 512;

constexpr int64_t kContext = 32768;

struct KvFormat {
  KvType type;
  const char* name;
};

constexpr KvFormat kKvFormats[] = {
    {KvType::kI16, "i16"}, {KvType::kI8, "i8"}, {KvType::kF16, "f16"}, {KvType::kQ8_0, "q8_0"}};

// One row each of `sequences` that share the context out among them.
struct DecodeCase {
  int64_t sequences;
};
constexpr DecodeCase kDecode[] = {{1}, {16}};
constexpr int64_t kPrompts[] = {512, 2048, 8192};

// The cache of some layers with random K and V, its blocks in random order.
class Cache {
 public:
  Cache(const ModelShape& model, KvType type, int n_layers, Workbench& bench, const Backend& backend)
      : model_(model),
        n_layers_(n_layers),
        kv_(config(model, n_layers), n_layers, type, kBlockTokens, kContext / kBlockTokens, nullptr),
        table_(kContext / kBlockTokens) {
    std::iota(table_.begin(), table_.end(), 0);
    for (size_t i = table_.size() - 1; i > 0; --i) {
      std::swap(table_[i], table_[counter_hash(kSeed, i) % (i + 1)]);
    }
    for (int layer = 0; layer < n_layers; ++layer) fill(kv_.layer(layer), bench, backend);
  }

  static ModelConfig config(const ModelShape& model, int n_layers) {
    ModelConfig config = {};
    config.n_layers = n_layers;
    config.n_heads = model.n_heads;
    config.n_kv_heads = model.n_kv_heads;
    config.head_dim = model.head_dim;
    return config;
  }

  int n_layers() const { return n_layers_; }
  KvLayer layer(int index) const { return kv_.layer(index); }
  // Block table of the sequence whose tokens begin at `token`, a multiple of the block size.
  const int32_t* table_at(int64_t token) const { return table_.data() + token / kBlockTokens; }

 private:
  // Through the backend's own operator, so that the layout is the one it reads.
  void fill(const KvLayer& layer, Workbench& bench, const Backend& backend) {
    const int64_t width = static_cast<int64_t>(model_.n_kv_heads) * model_.head_dim;
    const std::vector<float> values = normal(static_cast<size_t>(2 * kChunkRows * width), 3);
    std::vector<AttentionRow> rows(static_cast<size_t>(kChunkRows));
    for (int64_t begin = 0; begin < kContext; begin += kChunkRows) {
      for (int64_t r = 0; r < kChunkRows; ++r) {
        rows[static_cast<size_t>(r)] = {table_.data(), static_cast<int32_t>(begin + r)};
      }
      StoreKvArgs args = {};
      args.k = values.data();
      args.v = values.data() + kChunkRows * width;
      args.k_stride = width;
      args.v_stride = width;
      args.n_rows = kChunkRows;
      args.rows = rows.data();
      args.kv = layer;
      backend.store_kv(bench.ctx(), args);
    }
  }

  const ModelShape& model_;
  int n_layers_;
  KvCache kv_;
  std::vector<int32_t> table_;
};

AttentionArgs attention_args(const ModelShape& model, Recipe recipe, const std::vector<float>& q,
                             float* out) {
  AttentionArgs args = {};
  args.q = q.data();
  args.q_stride = static_cast<int64_t>(model.n_heads) * model.head_dim;
  args.n_heads = model.n_heads;
  args.scale = 1.0f / std::sqrt(static_cast<float>(model.head_dim));
  args.out = out;
  args.recipe = recipe;
  return args;
}

// Two products of head_dim multiplications and additions for each head and position.
double attention_ops(const ModelShape& model, double positions) {
  return 4.0 * model.n_heads * model.head_dim * positions;
}

class AttentionBench {
 public:
  AttentionBench(const Options& options, ThreadPool& pool, const Backend& backend, const ModelShape& model,
                 const KvFormat& format, const ReadLimit* pattern)
      : options_(options),
        pattern_(pattern),
        backend_(backend),
        model_(model),
        format_(format),
        bench_(pool, backend, limits(model, pool.size())),
        cache_(model, format.type, layers(), bench_, backend),
        q_(normal(static_cast<size_t>(kChunkRows * row_floats()), 4)),
        out_(q_.size()) {}

  Result decode(const DecodeCase& which) {
    AttentionArgs args = attention_args(model_, Recipe::kDecode, q_, out_.data());
    const int64_t context = kContext / which.sequences;
    std::vector<AttentionRow> rows;
    for (int64_t s = 0; s < which.sequences; ++s) {
      rows.push_back({cache_.table_at(s * context), static_cast<int32_t>(context - 1)});
    }
    args.rows = rows.data();
    args.n_rows = which.sequences;
    const auto attend = [&] {
      for (int layer = 0; layer < cache_.n_layers(); ++layer) {
        args.kv = cache_.layer(layer);
        backend_.attention(bench_.ctx(), args);
      }
    };
    const double positions = static_cast<double>(kContext) * cache_.n_layers();
    std::vector<double> reads;
    const auto read = [&] {
      if (pattern_ == nullptr) return;
      const size_t bytes = static_cast<size_t>(positions) * token_bytes();
      reads.push_back(read_rate(options_, *pattern_, cache_.layer(0).base, bytes));
    };
    const Spread seconds = time_calls(options_.repeats, attend, read);
    Result decoded = result(seconds, "decode", which.sequences, context, positions, positions);
    decoded.read_bytes_second = spread(std::move(reads));
    return decoded;
  }

  // All of a prompt through one layer.
  Result prefill(int64_t prompt) {
    AttentionArgs args = attention_args(model_, Recipe::kPrefill, q_, out_.data());
    std::vector<AttentionRow> rows(static_cast<size_t>(prompt));
    for (int64_t r = 0; r < prompt; ++r) {
      rows[static_cast<size_t>(r)] = {cache_.table_at(0), static_cast<int32_t>(r)};
    }
    args.kv = cache_.layer(0);
    const Spread seconds = time_calls(options_.repeats, [&] {
      for (int64_t begin = 0; begin < prompt; begin += kChunkRows) {
        args.rows = rows.data() + begin;
        args.n_rows = std::min(kChunkRows, prompt - begin);
        backend_.attention(bench_.ctx(), args);
      }
    });
    const double n = static_cast<double>(prompt);
    return result(seconds, "prefill", prompt, prompt, n, n * (n + 1) / 2);
  }

 private:
  static OpLimits limits(const ModelShape& model, int n_threads) {
    OpLimits limits = {};
    limits.max_rows = kChunkRows;
    limits.max_cols = 1;
    limits.n_heads = model.n_heads;
    limits.n_kv_heads = model.n_kv_heads;
    limits.head_dim = model.head_dim;
    limits.n_threads = n_threads;
    limits.max_context = kContext;
    return limits;
  }

  int64_t row_floats() const { return static_cast<int64_t>(model_.n_heads) * model_.head_dim; }

  size_t token_bytes() const { return KvCache::bytes_per_token(Cache::config(model_, 1), 1, format_.type); }

  int layers() const {
    const size_t layer_bytes = token_bytes() * kContext;
    return static_cast<int>(((options_.weight_mebibytes << 20) + layer_bytes - 1) / layer_bytes);
  }

  Result result(const Spread& seconds, const char* recipe, int64_t rows, int64_t context, double tokens,
                double positions) const {
    Result result;
    result.op = "attention";
    result.recipe = recipe;
    result.isa = backend_.name;
    result.format = format_.name;
    result.shape = attention_name(model_);
    result.rows = rows;
    result.context = context;
    result.pages = PageKind::kHuge;  // KvCache asks for them
    result.seconds = seconds;
    result.bytes = tokens * static_cast<double>(token_bytes());
    result.ops = attention_ops(model_, positions);
    result.memory_bound = std::string_view(recipe) == "decode";
    return result;
  }

  const Options& options_;
  const ReadLimit* pattern_;  // null: shares are not measured
  const Backend& backend_;
  const ModelShape& model_;
  const KvFormat& format_;
  Workbench bench_;
  Cache cache_;
  std::vector<float> q_;
  std::vector<float> out_;
};

}  // namespace

void bench_attention(const Options& options, ThreadPool& pool, const Limits& limits, Report& report) {
  const ReadLimit* pattern = limits.best_read(PageKind::kHuge);  // KvCache asks for them
  for (const KvFormat& format : kKvFormats) {
    for (const Backend* backend : backends(options)) {
      for (const ModelShape& model : model_shapes()) {
        if (!selected_prefix(options.shapes, attention_name(model))) continue;
        AttentionBench bench(options, pool, *backend, model, format, pattern);
        for (const DecodeCase& which : kDecode) report.add(bench.decode(which));
        for (const int64_t prompt : kPrompts) report.add(bench.prefill(prompt));
      }
    }
  }
}

}  // namespace qwq::bench
