#pragma once

#include "kernels/cpu/attention_tile.h"
#include "kernels/scratch.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

// Rows of a sequence that share the widening of a tile.
inline constexpr int kRowsPerTask = 16;
// Splits of a row are spread over workers when there are fewer than this many (row, KV head) pairs a thread.
inline constexpr int kPairsPerThread = 4;

template <class V>
struct AttentionShape {
  int group;  // query heads of a KV head
  int head_dim;
  size_t state;    // floats of a SoftmaxState
  size_t buffers;  // floats of TileBuffers

  AttentionShape(int n_heads, int n_kv_heads, int head_dim)
      : group(n_heads / n_kv_heads),
        head_dim(head_dim),
        state(state_floats<V>(group, head_dim)),
        buffers(tile_buffer_floats<V>(group, head_dim)) {}

  // Tile buffers, and for each row a state for the current split and one for those before.
  size_t worker_bytes() const { return (buffers + 2 * kRowsPerTask * state) * sizeof(float); }
};

// Scratch: first the workers' own, then states of all splits of up to kPairsPerThread * n_threads pairs.
template <class V>
size_t attention_scratch_bytes(const OpLimits& limits) {
  const AttentionShape<V> shape(limits.n_heads, limits.n_kv_heads, limits.head_dim);
  const size_t threads = static_cast<size_t>(limits.n_threads);
  const size_t splits = static_cast<size_t>(ceil_div(limits.max_context, kSplitTokens));
  return threads * padded_bytes(shape.worker_bytes()) +
         kPairsPerThread * threads * splits * shape.state * sizeof(float);
}

template <class V>
class Attention {
 public:
  Attention(OpContext& ctx, const AttentionArgs& args)
      : ctx_(ctx), args_(args), shape_(args.n_heads, args.kv.n_kv_heads, args.kv.head_dim) {}

  void run() {
    const int64_t pairs = args_.n_rows * args_.kv.n_kv_heads;
    int64_t splits = 1;
    for (int64_t r = 0; r < args_.n_rows; ++r) {
      const int64_t n = n_splits(r);
      splits = n > splits ? n : splits;
    }
    if (splits > 1 && pairs < kPairsPerThread * ctx_.pool->size()) {
      run_split(splits);
    } else {
      run_rows(pairs);
    }
  }

 private:
  int64_t n_splits(int64_t row) const { return args_.rows[row].position / kSplitTokens + 1; }

  float* worker_memory(int worker) const {
    return worker_scratch<float>(ctx_, worker, shape_.worker_bytes());
  }

  SoftmaxState state(float* memory, int64_t index) const {
    return state_at(memory + static_cast<size_t>(index) * shape_.state, shape_.group);
  }

  // One task for each run of rows and KV head; splits one after the other.
  void run_rows(int64_t pairs) {
    // Few rows (decoding) are spread, many (prompts) share tiles; results are the same.
    int64_t rows_per_task = pairs / (kPairsPerThread * ctx_.pool->size());
    rows_per_task = rows_per_task < 1 ? 1 : smaller(rows_per_task, kRowsPerTask);
    const int64_t row_tasks = ceil_div(args_.n_rows, rows_per_task);
    ctx_.pool->parallel_for(row_tasks * args_.kv.n_kv_heads, [&](int64_t task, int worker) {
      const int kv_head = static_cast<int>(task % args_.kv.n_kv_heads);
      const int64_t begin = task / args_.kv.n_kv_heads * rows_per_task;
      const int64_t end = smaller(begin + rows_per_task, args_.n_rows);
      for (int64_t first = begin; first < end;) {
        int64_t last = first + 1;
        while (last < end && args_.rows[last].block_table == args_.rows[first].block_table) ++last;
        run_sequence(first, last, kv_head, worker);
        first = last;
      }
    });
  }

  // Rows [first, last) of one sequence.
  void run_sequence(int64_t first, int64_t last, int kv_head, int worker) {
    const TileBuffers buffers = tile_buffers_at<V>(worker_memory(worker), shape_.group, shape_.head_dim);
    float* current = worker_memory(worker) + shape_.buffers;
    float* merged = current + kRowsPerTask * shape_.state;
    for (int64_t split = 0; split < n_splits(last - 1); ++split) {
      float* states = split == 0 ? merged : current;
      if (!add_split(first, last, kv_head, split, buffers, states)) return;
      for (int64_t r = first; split > 0 && r < last; ++r) {
        if (split >= n_splits(r)) continue;
        merge_state<V>(state(merged, r - first), state(current, r - first), shape_.group,
                       padded_head<V>(shape_.head_dim));
      }
    }
    for (int64_t r = first; r < last; ++r) write(r, kv_head, state(merged, r - first));
  }

  // One task for each row, KV head and split; then the splits of a row are merged.
  void run_split(int64_t splits) {
    const int64_t n_kv_heads = args_.kv.n_kv_heads;
    float* states = reinterpret_cast<float*>(ctx_.scratch + static_cast<size_t>(ctx_.pool->size()) *
                                                                padded_bytes(shape_.worker_bytes()));
    const auto state_of = [&](int64_t pair, int64_t split) {
      return states + static_cast<size_t>(pair * splits + split) * shape_.state;
    };
    ctx_.pool->parallel_for(args_.n_rows * n_kv_heads * splits, [&](int64_t task, int worker) {
      const int64_t split = task % splits;
      const int64_t pair = task / splits;
      const int64_t row = pair / n_kv_heads;
      if (split >= n_splits(row)) return;
      const TileBuffers buffers = tile_buffers_at<V>(worker_memory(worker), shape_.group, shape_.head_dim);
      add_split(row, row + 1, static_cast<int>(pair % n_kv_heads), split, buffers, state_of(pair, split));
    });
    if (ctx_.cancelled()) return;
    ctx_.pool->parallel_for(args_.n_rows * n_kv_heads, [&](int64_t pair, int) {
      const int64_t row = pair / n_kv_heads;
      const SoftmaxState merged = state(state_of(pair, 0), 0);
      for (int64_t split = 1; split < n_splits(row); ++split) {
        merge_state<V>(merged, state(state_of(pair, split), 0), shape_.group,
                       padded_head<V>(shape_.head_dim));
      }
      write(row, static_cast<int>(pair % n_kv_heads), merged);
    });
  }

  // Attends rows [first, last), all of one sequence, to a split; states[i] is that of row first + i. False
  // when cancelled.
  bool add_split(int64_t first, int64_t last, int kv_head, int64_t split, const TileBuffers& buffers,
                 float* states) {
    const int head = padded_head<V>(shape_.head_dim);
    for (int64_t r = first; r < last; ++r) clear_state<V>(state(states, r - first), shape_.group, head);
    const int64_t n_tokens = args_.rows[last - 1].position + int64_t{1};
    const int64_t split_end = smaller((split + 1) * kSplitTokens, n_tokens);
    for (int64_t begin = split * kSplitTokens; begin < split_end; begin += kTileTokens) {
      if (ctx_.cancelled()) return false;
      const int n = static_cast<int>(smaller(kTileTokens, split_end - begin));
      load_tile<V>(args_.kv, args_.rows[first].block_table, kv_head, begin, n, buffers);
      for (int64_t r = first; r < last; ++r) {
        const int64_t visible = args_.rows[r].position + int64_t{1} - begin;
        if (visible <= 0) continue;
        const float* q = args_.q + r * args_.q_stride + int64_t{kv_head} * shape_.group * shape_.head_dim;
        add_tile<V>(q, buffers, static_cast<int>(smaller(visible, n)), shape_.group, shape_.head_dim,
                    args_.scale, state(states, r - first));
      }
    }
    return true;
  }

  void write(int64_t row, int kv_head, const SoftmaxState& state) {
    const int64_t head = row * args_.n_heads + int64_t{kv_head} * shape_.group;
    write_output<V>(state, shape_.group, shape_.head_dim, args_.out + head * shape_.head_dim);
  }

  OpContext& ctx_;
  const AttentionArgs& args_;
  const AttentionShape<V> shape_;
};

template <class V>
void attention(OpContext& ctx, const AttentionArgs& args) {
  Attention<V>(ctx, args).run();
}

}  // namespace qwq::cpu
