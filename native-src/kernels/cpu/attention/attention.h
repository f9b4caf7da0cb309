#pragma once

#include "kernels/cpu/attention/floats.h"
#include "kernels/cpu/attention/pairs.h"
#include "kernels/scratch.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

// Rows and heads are spread over workers in pieces of about so many a thread.
inline constexpr int kRowHeadsPerThread = 4;
// Tasks a thread, about, of one row: long enough that reading ahead seldom stops, short enough to balance.
inline constexpr int kTasksPerThread = 16;

// Tile buffers, a state for the current split and one for those before.
QWQ_INLINE size_t attention_worker_bytes(const AttentionShape& shape) {
  const size_t floats = tile_buffer_floats(shape);
  const size_t pairs = pair_buffer_floats(shape);
  return ((floats > pairs ? floats : pairs) + 2 * state_floats(shape.most_queries, shape.head_dim)) *
         sizeof(float);
}

// Rows times KV heads below which splits of a row go to different workers.
QWQ_INLINE int64_t fewest_row_heads(int n_threads, int n_kv_heads) {
  const int64_t spread = int64_t{kRowHeadsPerThread} * n_threads;
  return spread > n_kv_heads ? spread : n_kv_heads + int64_t{1};
}

// Scratch: first the workers' own, then states of all splits of fewest_row_heads.
QWQ_INLINE size_t attention_scratch_bytes(const OpLimits& limits) {
  const AttentionShape shape(limits.n_heads, limits.n_kv_heads, limits.head_dim);
  const size_t threads = static_cast<size_t>(limits.n_threads);
  const size_t splits = static_cast<size_t>(ceil_div(limits.max_context, kSplitTokens));
  return threads * padded_bytes(attention_worker_bytes(shape)) +
         static_cast<size_t>(fewest_row_heads(limits.n_threads, limits.n_kv_heads)) * splits * shape.state *
             sizeof(float);
}

// Products: FloatProducts or PairProducts, whose comments say what they compute.
template <class V, class Products>
class Attention {
 public:
  Attention(OpContext& ctx, const AttentionArgs& args)
      : ctx_(ctx), args_(args), shape_(args.n_heads, args.kv.n_kv_heads, args.kv.head_dim) {}

  void run() {
    int64_t splits = 1;
    for (int64_t r = 0; r < args_.n_rows; ++r) {
      const int64_t n = n_splits(r);
      splits = n > splits ? n : splits;
    }
    const int n_kv_heads = args_.kv.n_kv_heads;
    if (splits > 1 && args_.n_rows * n_kv_heads < fewest_row_heads(ctx_.pool->size(), n_kv_heads)) {
      run_splits(splits);
    } else {
      run_rows();
    }
  }

 private:
  int64_t n_tokens(int64_t row) const { return args_.rows[row].position + int64_t{1}; }
  int64_t n_splits(int64_t row) const { return ceil_div(n_tokens(row), kSplitTokens); }

  float* worker_memory(int worker) const {
    return worker_scratch<float>(ctx_, worker, attention_worker_bytes(shape_));
  }
  // Of two: the split at hand, and those before.
  SoftmaxState worker_state(int worker, int which) const {
    const size_t floats = state_floats(shape_.most_queries, shape_.head_dim);
    const size_t end = attention_worker_bytes(shape_) / sizeof(float);
    return state_at(worker_memory(worker) + end - static_cast<size_t>(1 + which) * floats,
                    shape_.most_queries);
  }

  bool rows_share_sequences() const {
    for (int64_t r = 1; r < args_.n_rows; ++r) {
      if (args_.rows[r].block_table == args_.rows[r - 1].block_table) return true;
    }
    return false;
  }

  // KV heads of a task when a task takes one row and there are n_tasks with all heads. The more heads, the
  // longer the runs of memory that are read.
  int heads_per_task(int64_t n_tasks) const {
    const int n_kv_heads = args_.kv.n_kv_heads;
    const int64_t pieces = ceil_div(int64_t{kRowHeadsPerThread} * ctx_.pool->size(), n_tasks);
    return static_cast<int>(ceil_div(n_kv_heads, smaller(pieces, n_kv_heads)));
  }

  // One task for each run of rows and KV heads; splits one after the other.
  void run_rows() {
    const int n_kv_heads = args_.kv.n_kv_heads;
    int64_t rows = 1;
    int heads = 1;
    if (rows_share_sequences()) {
      // Few rows are spread, many (prompts) share tiles; results are the same.
      const int64_t pairs = args_.n_rows * n_kv_heads;
      const int64_t share = pairs / (int64_t{kRowHeadsPerThread} * ctx_.pool->size());
      rows = share < 1 ? 1 : smaller(share, shape_.most_rows);
    } else {
      heads = heads_per_task(args_.n_rows);
    }
    const int64_t row_tasks = ceil_div(args_.n_rows, rows);
    const int64_t head_tasks = ceil_div(n_kv_heads, heads);
    ctx_.pool->parallel_for(row_tasks * head_tasks, [&](int64_t task, int worker) {
      // The last rows of a prompt see most: they go first, so that no long task is left at the end.
      const int64_t begin = (row_tasks - 1 - task / head_tasks) * rows;
      const int64_t end = smaller(begin + rows, args_.n_rows);
      const int head = static_cast<int>(task % head_tasks) * heads;
      const int last_head = static_cast<int>(smaller(head + heads, n_kv_heads));
      for (int64_t first = begin; first < end;) {
        int64_t last = first + 1;
        while (last < end && args_.rows[last].block_table == args_.rows[first].block_table) ++last;
        run_sequence({first, last, head, last_head}, worker);
        first = last;
      }
    });
  }

  void run_sequence(const QueryBlock& block, int worker) {
    Products products(worker_memory(worker), args_, shape_);
    products.load_queries(block);
    const SoftmaxState merged = worker_state(worker, 0);
    const SoftmaxState current = worker_state(worker, 1);
    const int64_t queries = block.n_rows() * shape_.group;  // of a KV head
    const auto of_head = [&](const SoftmaxState& state, int head) {
      return from_query(state, (head - block.head) * queries, shape_.head_dim);
    };
    for (int64_t split = 0; split < n_splits(block.last - 1); ++split) {
      const SoftmaxState& state = split == 0 ? merged : current;
      if (!add_split(block, split, products, [&](int head) { return of_head(state, head); })) return;
      if (split == 0) continue;
      int64_t first = block.first;  // rows before have no such split
      while (n_splits(first) <= split) ++first;
      const int64_t skipped = (first - block.first) * shape_.group;
      for (int head = block.head; head < block.last_head; ++head) {
        merge_state<V>(from_query(of_head(merged, head), skipped, shape_.head_dim),
                       from_query(of_head(current, head), skipped, shape_.head_dim),
                       static_cast<int>(queries - skipped), shape_.head_dim);
      }
    }
    for (int head = block.head; head < block.last_head; ++head) {
      for (int64_t r = block.first; r < block.last; ++r) {
        write(r, head, from_query(of_head(merged, head), (r - block.first) * shape_.group, shape_.head_dim));
      }
    }
  }

  // One task for each row, run of splits and KV heads; then the splits of a row are merged.
  void run_splits(int64_t splits) {
    const int n_kv_heads = args_.kv.n_kv_heads;
    float* states = reinterpret_cast<float*>(ctx_.scratch + static_cast<size_t>(ctx_.pool->size()) *
                                                                padded_bytes(attention_worker_bytes(shape_)));
    const auto state_of = [&](int64_t row, int head, int64_t split) {
      const int64_t at = (row * n_kv_heads + head) * splits + split;
      return state_at(states + static_cast<size_t>(at) * shape_.state, shape_.group);
    };
    const int heads = heads_per_task(args_.n_rows * splits);
    const int64_t head_tasks = ceil_div(n_kv_heads, heads);
    const int64_t run = ceil_div(args_.n_rows * head_tasks * splits, kTasksPerThread * ctx_.pool->size());
    const int64_t runs = ceil_div(splits, run);
    ctx_.pool->parallel_for(args_.n_rows * runs * head_tasks, [&](int64_t task, int worker) {
      const int64_t row = task / (runs * head_tasks);
      const int64_t first = task / head_tasks % runs * run;
      const int head = static_cast<int>(task % head_tasks) * heads;
      const QueryBlock block = {row, row + 1, head, static_cast<int>(smaller(head + heads, n_kv_heads))};
      Products products(worker_memory(worker), args_, shape_);
      products.load_queries(block);
      for (int64_t split = first; split < smaller(first + run, n_splits(row)); ++split) {
        if (!add_split(block, split, products, [&](int h) { return state_of(row, h, split); })) return;
      }
    });
    if (ctx_.cancelled()) return;
    ctx_.pool->parallel_for(args_.n_rows * n_kv_heads, [&](int64_t pair, int) {
      const int64_t row = pair / n_kv_heads;
      const int head = static_cast<int>(pair % n_kv_heads);
      const SoftmaxState merged = state_of(row, head, 0);
      for (int64_t split = 1; split < n_splits(row); ++split) {
        merge_state<V>(merged, state_of(row, head, split), shape_.group, shape_.head_dim);
      }
      write(row, head, merged);
    });
  }

  // Attends to a split, from cleared states, head by head within a tile: so memory is read in its own order.
  // False when cancelled.
  template <typename StateOf>
  bool add_split(const QueryBlock& block, int64_t split, Products& products, StateOf&& state_of) {
    for (int head = block.head; head < block.last_head; ++head) {
      clear_state<V>(state_of(head), static_cast<int>(block.n_rows()) * shape_.group, shape_.head_dim);
    }
    const int64_t end = smaller((split + 1) * kSplitTokens, n_tokens(block.last - 1));
    Tile tile = cached_tile(block, block.head, split * kSplitTokens);
    for (int64_t begin = split * kSplitTokens; begin < end; begin += kTileTokens) {
      if (ctx_.cancelled()) return false;
      for (int head = block.head; head < block.last_head; ++head) {
        Tile ahead = tile;
        if (head + 1 < block.last_head) {
          ahead = cached_tile(block, head + 1, begin);
        } else if (begin + kTileTokens < n_tokens(block.last - 1)) {
          ahead = cached_tile(block, block.head, begin + kTileTokens);
        }
        products.add_tile(block, head, begin, tile, ahead, state_of(head));
        tile = ahead;
      }
    }
    return true;
  }

  // The tile of positions from `begin` on, as far as the last row sees it.
  Tile cached_tile(const QueryBlock& block, int head, int64_t begin) const {
    const int n = static_cast<int>(smaller(kTileTokens, n_tokens(block.last - 1) - begin));
    return tile_in_cache(args_.kv, args_.rows[block.first].block_table, head, begin, n);
  }

  void write(int64_t row, int kv_head, const SoftmaxState& state) const {
    const int64_t head = row * args_.n_heads + int64_t{kv_head} * shape_.group;
    write_output<V>(state, shape_.group, shape_.head_dim, args_.out + head * shape_.head_dim);
  }

  OpContext& ctx_;
  const AttentionArgs& args_;
  const AttentionShape shape_;
};

template <class V>
void attention(OpContext& ctx, const AttentionArgs& args) {
  switch (args.kv.type) {
    case KvType::kI16:
      return Attention<V, PairProducts<V, I16Pairs<V>>>(ctx, args).run();
    case KvType::kI8:
      return Attention<V, PairProducts<V, I8Pairs<V>>>(ctx, args).run();
    default:
      return Attention<V, FloatProducts<V>>(ctx, args).run();
  }
}

}  // namespace qwq::cpu
