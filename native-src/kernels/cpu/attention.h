#pragma once

#include "kernels/cpu/attention_tile.h"
#include "kernels/scratch.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

// Queries of a task, about: enough that widening a tile for them costs a few percent, few enough that they
// and their states stay in the second-level cache.
inline constexpr int kQueriesPerTask = 96;
// Splits of a row are spread over workers when there are fewer than this many (row, KV head) pairs a thread.
inline constexpr int kPairsPerThread = 4;
// Tasks a thread, about, of one row: long enough that reading ahead seldom stops, short enough to balance.
inline constexpr int kTasksPerThread = 16;

struct AttentionShape {
  int group;  // query heads of a KV head
  int head_dim;
  int64_t most_rows;     // of a task, all of one sequence
  int64_t most_queries;  // of a task
  size_t state;          // floats of the SoftmaxState of one row
  size_t buffers;        // floats of TileBuffers

  AttentionShape(int n_heads, int n_kv_heads, int head_dim)
      : group(n_heads / n_kv_heads),
        head_dim(head_dim),
        most_rows(ceil_div(kQueriesPerTask, group)),
        most_queries(most_rows * group),
        state(state_floats(group, head_dim)),
        buffers(tile_buffer_floats(most_queries, head_dim)) {}

  // Tile buffers, a state for the current split and one for those before.
  size_t worker_bytes() const { return (buffers + 2 * state_floats(most_queries, head_dim)) * sizeof(float); }
};

// Scratch: first the workers' own, then states of all splits of up to kPairsPerThread * n_threads pairs.
inline size_t attention_scratch_bytes(const OpLimits& limits) {
  const AttentionShape shape(limits.n_heads, limits.n_kv_heads, limits.head_dim);
  const size_t threads = static_cast<size_t>(limits.n_threads);
  const size_t splits = static_cast<size_t>(ceil_div(limits.max_context, kSplitTokens));
  return threads * padded_bytes(shape.worker_bytes()) +
         kPairsPerThread * threads * splits * shape.state * sizeof(float);
}

// Rows [first, last) of one sequence and a KV head.
struct RowRun {
  int64_t first;
  int64_t last;
  int kv_head;
};

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
  int64_t n_tokens(int64_t row) const { return args_.rows[row].position + int64_t{1}; }
  int64_t n_splits(int64_t row) const { return ceil_div(n_tokens(row), kSplitTokens); }

  TileBuffers tile_buffers(int worker) const {
    return tile_buffers_at(worker_scratch<float>(ctx_, worker, shape_.worker_bytes()), shape_.most_queries,
                           shape_.head_dim);
  }

  // One task for each run of rows and KV head; splits one after the other.
  void run_rows(int64_t pairs) {
    // Few rows (decoding) are spread, many (prompts) share tiles; results are the same.
    int64_t rows_per_task = pairs / (kPairsPerThread * ctx_.pool->size());
    rows_per_task = rows_per_task < 1 ? 1 : smaller(rows_per_task, shape_.most_rows);
    const int64_t row_tasks = ceil_div(args_.n_rows, rows_per_task);
    ctx_.pool->parallel_for(row_tasks * args_.kv.n_kv_heads, [&](int64_t task, int worker) {
      // The last rows of a prompt see most: they go first, so that no long task is left at the end.
      const int64_t begin = (row_tasks - 1 - task / args_.kv.n_kv_heads) * rows_per_task;
      const int64_t end = smaller(begin + rows_per_task, args_.n_rows);
      for (int64_t first = begin; first < end;) {
        int64_t last = first + 1;
        while (last < end && args_.rows[last].block_table == args_.rows[first].block_table) ++last;
        run_sequence({first, last, static_cast<int>(task % args_.kv.n_kv_heads)}, worker);
        first = last;
      }
    });
  }

  void run_sequence(const RowRun& rows, int worker) {
    const TileBuffers buffers = tile_buffers(worker);
    float* memory = worker_scratch<float>(ctx_, worker, shape_.worker_bytes()) + shape_.buffers;
    const SoftmaxState merged = state_at(memory, shape_.most_queries);
    const SoftmaxState current =
        state_at(memory + state_floats(shape_.most_queries, shape_.head_dim), shape_.most_queries);
    load_queries(rows, buffers);
    for (int64_t split = 0; split < n_splits(rows.last - 1); ++split) {
      const SoftmaxState& state = split == 0 ? merged : current;
      if (!add_split(rows, split, buffers, state)) return;
      if (split == 0) continue;
      int64_t first = rows.first;  // rows before have no such split
      while (n_splits(first) <= split) ++first;
      const int64_t query = (first - rows.first) * shape_.group;
      merge_state<V>(from_query(merged, query, shape_.head_dim), from_query(current, query, shape_.head_dim),
                     static_cast<int>(rows.last - first) * shape_.group, shape_.head_dim);
    }
    for (int64_t r = rows.first; r < rows.last; ++r) {
      write(r, rows.kv_head, from_query(merged, (r - rows.first) * shape_.group, shape_.head_dim));
    }
  }

  // One task for each row, KV head and split; then the splits of a row are merged.
  void run_split(int64_t splits) {
    const int64_t n_kv_heads = args_.kv.n_kv_heads;
    float* states = reinterpret_cast<float*>(ctx_.scratch + static_cast<size_t>(ctx_.pool->size()) *
                                                                padded_bytes(shape_.worker_bytes()));
    const auto state_of = [&](int64_t pair, int64_t split) {
      return state_at(states + static_cast<size_t>(pair * splits + split) * shape_.state, shape_.group);
    };
    // A task is a run of splits.
    const int64_t n_pairs = args_.n_rows * n_kv_heads;
    const int64_t run = ceil_div(n_pairs * splits, kTasksPerThread * ctx_.pool->size());
    const int64_t runs = ceil_div(splits, run);
    ctx_.pool->parallel_for(n_pairs * runs, [&](int64_t task, int worker) {
      const int64_t pair = task / runs;
      const int64_t row = pair / n_kv_heads;
      const RowRun rows = {row, row + 1, static_cast<int>(pair % n_kv_heads)};
      const TileBuffers buffers = tile_buffers(worker);
      load_queries(rows, buffers);
      const int64_t first = task % runs * run;
      for (int64_t split = first; split < smaller(first + run, n_splits(row)); ++split) {
        if (!add_split(rows, split, buffers, state_of(pair, split))) return;
      }
    });
    if (ctx_.cancelled()) return;
    ctx_.pool->parallel_for(args_.n_rows * n_kv_heads, [&](int64_t pair, int) {
      const int64_t row = pair / n_kv_heads;
      const SoftmaxState merged = state_of(pair, 0);
      for (int64_t split = 1; split < n_splits(row); ++split) {
        merge_state<V>(merged, state_of(pair, split), shape_.group, shape_.head_dim);
      }
      write(row, static_cast<int>(pair % n_kv_heads), merged);
    });
  }

  void load_queries(const RowRun& rows, const TileBuffers& buffers) const {
    float* out = buffers.q;
    const int64_t floats = int64_t{shape_.group} * shape_.head_dim;
    for (int64_t r = rows.first; r < rows.last; ++r) {
      const float* q = args_.q + r * args_.q_stride + rows.kv_head * floats;
      for (int64_t i = 0; i < floats; ++i) *out++ = q[i] * args_.scale;
    }
  }

  // Attends rows to a split, from a cleared state. False when cancelled.
  bool add_split(const RowRun& rows, int64_t split, const TileBuffers& buffers, const SoftmaxState& state) {
    clear_state<V>(state, static_cast<int>(rows.last - rows.first) * shape_.group, shape_.head_dim);
    // Widening a tile for one row alone would cost more than the row.
    [[maybe_unused]] const bool in_cache = rows.last - rows.first == 1 && shape_.head_dim % kHeadPadding == 0;
    const int64_t end = smaller((split + 1) * kSplitTokens, n_tokens(rows.last - 1));
    for (int64_t begin = split * kSplitTokens; begin < end; begin += kTileTokens) {
      if (ctx_.cancelled()) return false;
      const Tile tile = cached_tile(rows, begin);
      if constexpr (V::kReadsInPlace) {
        if (in_cache) {
          add_in_cache(rows, begin, tile, buffers, state);
          continue;
        }
      }
      add_widened(rows, begin, widen_tile<V>(args_.kv, tile, buffers), buffers, state);
    }
    return true;
  }

  // The tile of positions from `begin` on, as far as the last row sees it.
  Tile cached_tile(const RowRun& rows, int64_t begin) const {
    const int n = static_cast<int>(smaller(kTileTokens, n_tokens(rows.last - 1) - begin));
    return tile_in_cache(args_.kv, args_.rows[rows.first].block_table, rows.kv_head, begin, n);
  }

  // One row.
  void add_in_cache(const RowRun& rows, int64_t begin, Tile tile, const TileBuffers& buffers,
                    const SoftmaxState& state) const {
    const int64_t next = begin + kTileTokens;
    const Tile ahead = next < n_tokens(rows.first) ? cached_tile(rows, next) : tile;
    if (args_.kv.type == KvType::kQ8_0) {
      add_scales<V>(tile, ahead, shape_.head_dim, buffers);
      add_tile<V, Q8Tile<V>>(buffers.q, shape_.group, tile, ahead, tile.n_tokens, shape_.head_dim,
                             buffers.scores, state);
    } else {
      add_tile<V, F16Tile<V>>(buffers.q, shape_.group, tile, ahead, tile.n_tokens, shape_.head_dim,
                              buffers.scores, state);
    }
  }

  // Rows that see the whole tile go together, those on the causal diagonal one by one: what a row does not
  // see must not touch it, be it infinite.
  void add_widened(const RowRun& rows, int64_t begin, const Tile& tile, const TileBuffers& buffers,
                   const SoftmaxState& state) const {
    const auto add = [&](int64_t row, int64_t n_rows, int64_t n) {
      const int64_t query = (row - rows.first) * shape_.group;
      add_tile<V, WidenedTile<V>>(buffers.q + query * shape_.head_dim,
                                  static_cast<int>(n_rows) * shape_.group, tile, tile, static_cast<int>(n),
                                  shape_.head_dim, buffers.scores + query * kTileTokens,
                                  from_query(state, query, shape_.head_dim));
    };
    int64_t row = rows.first;
    for (; row < rows.last && n_tokens(row) - begin < tile.n_tokens; ++row) {
      if (n_tokens(row) > begin) add(row, 1, n_tokens(row) - begin);
    }
    if (row < rows.last) add(row, rows.last - row, tile.n_tokens);
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
  Attention<V>(ctx, args).run();
}

}  // namespace qwq::cpu
