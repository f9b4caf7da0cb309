#include "kernels/cuda/attention.cuh"

#include <algorithm>

#include "kernels/cuda/attention_prompt.h"
#include "kernels/cuda/merge_splits.cuh"

namespace qwq::cuda {

namespace {

constexpr int kFewQueries = 2;
constexpr int kDecodeQueries = 8;
constexpr int kRunQueries = 16;
// With fewer blocks of threads than this, splits of long rows go to blocks of their own.
constexpr int64_t kFewBlocks = 256;
// With fewer than this even then, the queries of a KV head are divided among blocks, which all read its K and
// V. A captured step depends on it: it must follow from the number of rows and the range of contexts.
constexpr int64_t kTooFewBlocks = 128;

struct Call {
  Stream& stream;
  const AttentionArgs& args;
  const DeviceRows& rows;
  int splits;     // see AttentionParams
  float* states;  // [n_rows, n_heads, splits, state_floats] if splits > 0

  int group() const { return args.n_heads / args.kv.n_kv_heads; }
  size_t n_states() const {
    return static_cast<size_t>(rows.n_rows) * static_cast<size_t>(args.n_heads) *
           static_cast<size_t>(splits) * static_cast<size_t>(state_floats(args.kv.head_dim));
  }
  size_t n_out() const {
    return static_cast<size_t>(rows.n_rows) * static_cast<size_t>(args.n_heads) *
           static_cast<size_t>(args.kv.head_dim);
  }

  template <int kQueries, int kColumns, bool kQ8>
  void attend(int parts) const {
    const KvLayer& kv = args.kv;
    Launch launch(stream, "attention");
    const size_t width = static_cast<size_t>(args.n_heads) * static_cast<size_t>(kv.head_dim);
    const size_t extent = static_cast<size_t>(rows.n_rows - 1) * static_cast<size_t>(args.q_stride) + width;
    const AttentionParams params = {
        .q = launch.in("q", args.q, extent),
        .q_stride = args.q_stride,
        .rows = rows_in(launch, rows),
        .run_first = launch.in("run_first", rows.run_first, static_cast<size_t>(rows.n_runs + 1)),
        .cache = CacheParams<const uint8_t>(
            launch.in("cache", reinterpret_cast<const uint8_t*>(kv.base), cache_bytes(kv, rows)), kv),
        .group = group(),
        .scale = args.scale,
        .parts = parts,
        .splits = splits,
        .out = splits == 0 ? launch.out("out", args.out, n_out()) : Global<float>(nullptr),
        .states = splits == 0 ? Global<float>(nullptr) : launch.update("states", states, n_states()),
    };
    launch.run({.grid_x = rows.n_runs,
                .grid_y = int64_t{kv.n_kv_heads} * parts,
                .grid_z = splits == 0 ? 1 : splits,
                .threads = kAttentionThreads,
                .early = true},
               attention_kernel<kQueries, kColumns, kQ8>, params);
  }

  template <int kQueries, int kColumns>
  void attend_type(int parts = 1) const {
    args.kv.type == KvType::kQ8_0 ? attend<kQueries, kColumns, true>(parts)
                                  : attend<kQueries, kColumns, false>(parts);
  }

  void run() const {
    const bool single = rows.n_runs == rows.n_rows;
    const int64_t blocks = rows.n_runs * args.kv.n_kv_heads * std::max(splits, 1);
    if (args.kv.head_dim > 128) {
      attend_type<kDecodeQueries, 256>();
    } else if (!single) {
      attend_type<kRunQueries, 128>();
    } else if (group() <= kFewQueries || blocks < kTooFewBlocks) {
      attend_type<kFewQueries, 128>(static_cast<int>(ceil_div(group(), kFewQueries)));
    } else {
      attend_type<kDecodeQueries, 128>();
    }
  }

  void merge() const {
    Launch launch(stream, "merge_splits");
    const MergeParams params = {
        .states = launch.in("states", states, n_states()),
        .positions = launch.in("positions", rows.positions, static_cast<size_t>(rows.n_rows)),
        .splits = splits,
        .n_heads = args.n_heads,
        .head_dim = args.kv.head_dim,
        .out = launch.out("out", args.out, n_out()),
    };
    launch.run({.grid_x = rows.n_rows * args.n_heads, .threads = kAttentionThreads, .early = true},
               merge_splits_kernel, params);
  }
};

}  // namespace

int rows_of_run(int group, bool prompt) { return prompt ? std::max(1, kRunQueries / group) : 1; }

size_t attention_scratch_bytes(const OpLimits& limits) {
  const int64_t splits = ceil_div(limits.max_context, kSplitTokens);
  const int64_t states = kFewBlocks * (limits.n_heads / limits.n_kv_heads) * splits;
  return static_cast<size_t>(states * state_floats(limits.head_dim)) * sizeof(float);
}

void attention(Stream& stream, const AttentionArgs& args, const DeviceRows& rows, std::byte* scratch) {
  if (has_prompt_kernel(args)) {
    attend_prompt(stream, args, rows);
    return;
  }
  const int64_t splits = ceil_div(rows.most_tokens, kSplitTokens);
  const bool single = rows.n_runs == rows.n_rows;
  Call call = {stream, args, rows, 0, nullptr};
  if (splits == 1 || !single || rows.n_runs * args.kv.n_kv_heads >= kFewBlocks) {
    call.run();
    return;
  }
  call.splits = static_cast<int>(splits);
  call.states = reinterpret_cast<float*>(scratch);
  const Scratch tracked(stream, scratch, call.n_states() * sizeof(float));
  call.run();
  call.merge();
}

}  // namespace qwq::cuda
