// A call of attention on the simulated device: sequences in a paged cache, their rows' queries. Cache slots
// that nothing wrote are NaN.
#pragma once

#include "kernels/reference/kv_access.h"
#include "tests/cuda/device_testing.h"

namespace qwq::test {

struct AttentionShape {
  int n_kv_heads;
  int group;  // query heads of a KV head
  int head_dim;
  int block_size;
  KvType type = KvType::kF16;

  int n_heads() const { return n_kv_heads * group; }
  KvLayer layer() const {
    KvLayer kv = {nullptr, 0, n_kv_heads, head_dim, block_size, type};
    kv.block_bytes = static_cast<size_t>(2 * n_kv_heads * block_size / kKvGroup) * kv.group_bytes();
    return kv;
  }
};

struct Sequence {
  int32_t position;  // of its first row
  int32_t n_rows;
  uint64_t id = 0;  // what its K, V and queries follow from; 0: its place in the batch
};

// Rows of some sequences, their block tables shuffled, for a device and for a host.
class Rows {
 public:
  Rows(const std::vector<Sequence>& sequences, int block_size, int rows_of_run) {
    int32_t n_blocks = 0;
    const auto blocks_of = [&](const Sequence& s) {
      return (s.position + s.n_rows + block_size - 1) / block_size;
    };
    for (const Sequence& s : sequences) n_blocks += blocks_of(s);
    this->n_blocks = n_blocks;
    for (const Sequence& s : sequences) {
      const int32_t begin = static_cast<int32_t>(tables.size());
      for (int32_t b = 0; b < blocks_of(s); ++b) tables.push_back(--n_blocks);
      for (int32_t i = 0; i < s.n_rows; ++i) {
        if (i % rows_of_run == 0) run_first.push_back(static_cast<int32_t>(positions.size()));
        positions.push_back(s.position + i);
        table_of.push_back(begin);
      }
      begins.push_back(begin);
      most_tokens = std::max(most_tokens, s.position + s.n_rows);
    }
    run_first.push_back(static_cast<int32_t>(positions.size()));
  }

  cuda::DeviceRows on_device() const {
    return {positions.data(),
            table_of.data(),
            tables.data(),
            run_first.data(),
            static_cast<int64_t>(positions.size()),
            static_cast<int64_t>(tables.size()),
            static_cast<int64_t>(run_first.size()) - 1,
            most_tokens,
            n_blocks};
  }
  std::vector<AttentionRow> on_host() const {
    std::vector<AttentionRow> rows;
    for (size_t r = 0; r < positions.size(); ++r) rows.push_back({tables.data() + table_of[r], positions[r]});
    return rows;
  }

  SharedVector<int32_t> positions, table_of, tables, run_first;
  std::vector<int32_t> begins;
  int32_t n_blocks = 0;
  int32_t most_tokens = 0;
};

class AttentionProblem {
 public:
  AttentionProblem(const AttentionShape& shape, const std::vector<Sequence>& sequences, int rows_of_run,
                   Recipe recipe)
      : shape_(shape),
        recipe_(recipe),
        rows_(sequences, shape.block_size, rows_of_run),
        kv_(shape.layer()),
        cache_(std::vector<uint16_t>(cache_bytes() / 2, 0x7e7e)),
        q_stride_(shape.n_heads() * shape.head_dim + 3),
        q_(static_cast<size_t>((n_rows() - 1) * q_stride_) + row_floats()) {
    kv_.base = reinterpret_cast<std::byte*>(cache_.data());
    const size_t width = static_cast<size_t>(shape.n_kv_heads * shape.head_dim);
    float* q = q_.data();
    for (size_t s = 0; s < sequences.size(); ++s) {
      const uint64_t stream = 100000 * (sequences[s].id > 0 ? sequences[s].id : s + 1);
      const int32_t end = sequences[s].position + sequences[s].n_rows;
      n_tokens_.push_back(end);
      for (int32_t t = 0; t < end; ++t) {
        const std::vector<float> values = normal(2 * width, stream + static_cast<uint64_t>(t));
        write_token(s, t, values.data(), values.data() + width);
        if (t < sequences[s].position) continue;
        const std::vector<float> queries =
            normal(row_floats(), stream + 50000 + static_cast<uint64_t>(t), 2.0f);
        std::copy(queries.begin(), queries.end(), q);
        q += q_stride_;
      }
    }
  }

  int64_t n_rows() const { return static_cast<int64_t>(rows_.positions.size()); }
  size_t row_floats() const { return static_cast<size_t>(shape_.n_heads() * shape_.head_dim); }

  void write_token(size_t sequence, int32_t t, const float* k, const float* v) {
    const int32_t* table = rows_.tables.data() + rows_.begins[sequence];
    for (int h = 0; h < shape_.n_kv_heads; ++h) {
      reference::write_k(kv_, table, t, h, k + h * shape_.head_dim);
      reference::write_v(kv_, table, t, h, v + h * shape_.head_dim);
    }
  }

  OpLimits limits() const {
    OpLimits limits = limits_for(1, 1);
    limits.n_heads = shape_.n_heads();
    limits.n_kv_heads = shape_.n_kv_heads;
    limits.head_dim = shape_.head_dim;
    limits.max_context = rows_.most_tokens;
    return limits;
  }

  AttentionArgs args(float* out) const {
    AttentionArgs args = {};
    args.q = q_.data();
    args.q_stride = q_stride_;
    args.n_rows = n_rows();
    args.n_heads = shape_.n_heads();
    args.kv = kv_;
    args.scale = 1.0f / std::sqrt(static_cast<float>(shape_.head_dim));
    args.recipe = recipe_;
    args.out = out;
    return args;
  }

  std::vector<float> run_device(uint64_t seed) const {
    cuda::Stream stream(seed);
    const cuda::Scratch tracked(stream, cache_.data(), cache_bytes());
    mark_tokens(stream);
    DeviceBuffer<std::byte> scratch(cuda::attention_scratch_bytes(limits()));
    DeviceBuffer<float> out(static_cast<size_t>(n_rows()) * row_floats());
    cuda::attention(stream, args(out.data()), rows_.on_device(), scratch.data());
#if !defined(__CUDACC__)
    on_tensor_cores_ = false;
    for (const auto& [kernel, counts] : stream.counts()) {
      on_tensor_cores_ = on_tensor_cores_ || counts.matrix_products > 0;
    }
#endif
    return out.copy();
  }
  // Whether the last run_device multiplied there; true on a GPU, which does not tell.
  bool on_tensor_cores() const { return on_tensor_cores_; }
  std::vector<float> run(const Backend& backend) const {
    Context context(backend, limits());
    std::vector<float> out(static_cast<size_t>(n_rows()) * row_floats());
    const std::vector<AttentionRow> rows = rows_.on_host();
    AttentionArgs args = this->args(out.data());
    args.rows = rows.data();
    backend.attention(*context, args);
    return out;
  }

  const AttentionShape& shape() const { return shape_; }
  int32_t position(int64_t row) const { return rows_.positions[static_cast<size_t>(row)]; }
  float* q(int64_t row, int head) { return q_.data() + row * q_stride_ + int64_t{head} * shape_.head_dim; }
  const float* q(int64_t row, int head) const {
    return q_.data() + row * q_stride_ + int64_t{head} * shape_.head_dim;
  }
  // K and V of a token that `row` sees, as its query head reads them.
  void read_token(int64_t row, int32_t t, int head, float* k, float* v) const {
    const int32_t* table = rows_.tables.data() + rows_.table_of[static_cast<size_t>(row)];
    reference::read_k(kv_, table, t, head / shape_.group, k);
    reference::read_v(kv_, table, t, head / shape_.group, v);
  }

 private:
  size_t cache_bytes() const { return static_cast<size_t>(rows_.n_blocks) * kv_.block_bytes; }

  // What of the cache was written, for the simulator: the tokens of sequences, nothing else.
  void mark_tokens([[maybe_unused]] cuda::Stream& stream) const {
#if !defined(__CUDACC__)
    const size_t head_dim = static_cast<size_t>(shape_.head_dim);
    const size_t element = shape_.type == KvType::kQ8_0 ? 1 : 2;
    const size_t runs = shape_.type == KvType::kQ8_0 ? head_dim / kKvScaleRun : 0;
    for (size_t s = 0; s < n_tokens_.size(); ++s) {
      const int32_t* table = rows_.tables.data() + rows_.begins[s];
      for (int32_t t = 0; t < n_tokens_[s]; ++t) {
        const size_t lane = static_cast<size_t>(t % kKvGroup);
        for (int h = 0; h < shape_.n_kv_heads; ++h) {
          const std::byte* k = kv_.k_group(table, t, h);
          const std::byte* v = kv_.v_group(table, t, h);
          for (size_t i = 0; i < head_dim; ++i) {
            stream.mark_written(k + element * (i * kKvGroup + lane), element);
          }
          for (size_t i = 0; i < runs; ++i) {
            stream.mark_written(k + kKvGroup * head_dim + 2 * (i * kKvGroup + lane), 2);
          }
          stream.mark_written(v + element * head_dim * lane, element * head_dim);
          if (runs > 0) stream.mark_written(v + kKvGroup * head_dim + 2 * runs * lane, 2 * runs);
        }
      }
    }
#endif
  }

  AttentionShape shape_;
  Recipe recipe_;
  Rows rows_;
  KvLayer kv_;
  std::vector<int32_t> n_tokens_;  // of the sequences
  DeviceBuffer<uint16_t> cache_;
  int64_t q_stride_;
  DeviceBuffer<float> q_;
  mutable bool on_tensor_cores_ = true;
};

}  // namespace qwq::test
