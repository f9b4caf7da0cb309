// How attention goes through the cache: positions are cut into splits of kSplitTokens and those into tiles of
// kTileTokens, both from position 0, whatever the query, batch or threads. With m the running maximum of a
// query's scores, p = exp(score - m); what was gathered before is first multiplied by exp(old m - new m).
// Splits start afresh and are merged in ascending order by the same rule.
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/attention/softmax.h"
#include "kernels/cpu/matmul_tiles.h"

namespace qwq::cpu {

inline constexpr int kSplitTokens = 1024;
static_assert(kSplitTokens % kTileTokens == 0);

// Queries of a task, about: enough that reading a tile for them costs a few percent, few enough that they
// and their states stay in the second-level cache.
inline constexpr int kQueriesPerTask = 96;

struct AttentionShape {
  int group;  // query heads of a KV head
  int head_dim;
  int64_t most_rows;     // of a task with one KV head, all of one sequence
  int64_t most_queries;  // of a task; one with several KV heads has one row
  size_t state;          // floats of the SoftmaxState of one row and KV head

  AttentionShape(int n_heads, int n_kv_heads, int head_dim)
      : group(n_heads / n_kv_heads),
        head_dim(head_dim),
        most_rows(ceil_div(kQueriesPerTask, group)),
        most_queries(most_rows * group > n_heads ? most_rows * group : n_heads),
        state(state_floats(group, head_dim)) {}
};

// Rows [first, last) of one sequence, and KV heads [head, last_head). Its queries in memory: head by head,
// row by row, those of a group.
struct QueryBlock {
  int64_t first;
  int64_t last;
  int head;
  int last_head;

  int64_t n_rows() const { return last - first; }
};

// A tile as the products read it.
struct Tile {
  const std::byte* keys[kTileGroups];
  const std::byte* values[kTileGroups];
  const float* scales;  // of values that are levels
  int n_tokens;
};

// A tile in the cache. Groups beyond its last token repeat the last one, so that keys can be read in strips.
QWQ_INLINE Tile tile_in_cache(const KvLayer& kv, const int32_t* block_table, int kv_head, int64_t begin,
                              int n) {
  Tile tile;
  tile.scales = nullptr;
  tile.n_tokens = n;
  for (int g = 0; g < kTileGroups; ++g) {
    const int64_t position = begin + smaller(g * kKvGroup, (n - 1) / kKvGroup * kKvGroup);
    tile.keys[g] = kv.k_group(block_table, position, kv_head);
    tile.values[g] = kv.v_group(block_table, position, kv_head);
  }
  return tile;
}

}  // namespace qwq::cpu
