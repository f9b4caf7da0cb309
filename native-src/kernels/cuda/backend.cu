// The operators as libqwq calls them, with arguments in the host's memory.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include "kernels/cuda/plugin.h"
#include "kernels/cuda/session.h"

namespace qwq::cuda {

namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

// Runs body(session, staged); what goes wrong is kept for the session's take_failure.
template <typename Body>
void on_device(OpContext& ctx, Body&& body) {
  Session& session = *static_cast<Session*>(ctx.session);
  if (session.failed() || ctx.cancelled()) return;
  try {
    Staged staged(session);
    body(session, staged);
    staged.finish();
  } catch (const DeviceError& e) {
    session.note(e);
  } catch (const std::exception& e) {
    session.note({QWQ_INTERNAL, e.what()});
  }
}

void run_embed(OpContext& ctx, const EmbedArgs& args) {
  on_device(ctx, [&](Session& session, Staged& staged) {
    EmbedArgs copy = args;
    copy.table = &session.weight(*args.table);
    copy.tokens = staged.in(args.tokens, size(args.n_rows));
    copy.out = staged.out(args.out, 1, size(args.n_rows * args.table->cols), 0);
    embed(session.stream(), copy);
  });
}

void run_rms_norm(OpContext& ctx, const RmsNormArgs& args) {
  on_device(ctx, [&](Session& session, Staged& staged) {
    RmsNormArgs copy = args;
    copy.x = staged.in(args.x, size(args.n_rows * args.n_cols));
    copy.weight = staged.in(args.weight, size(args.n_cols));
    copy.out = staged.out(args.out, 1, size(args.n_rows * args.n_cols), 0);
    rms_norm(session.stream(), copy);
  });
}

void run_matmul(OpContext& ctx, const MatmulArgs& args) {
  on_device(ctx, [&](Session& session, Staged& staged) {
    std::vector<MatmulJob> jobs(args.jobs, args.jobs + args.n_jobs);
    MatmulArgs copy = args;
    copy.jobs = jobs.data();
    copy.x = staged.in(args.x, size(args.n_rows * args.cols));
    for (MatmulJob& job : jobs) {
      const Tensor& host = *job.weight;
      job.weight = &session.weight(host);
      job.bias = staged.in(job.bias, size(host.rows));
      job.out = staged.out(job.out, size(args.n_rows), size(host.rows), size(job.out_stride));
    }
    matmul(session.stream(), copy, staged.take<std::byte>(matmul_scratch_bytes(args.n_rows, args.cols)));
  });
}

void run_rope(OpContext& ctx, const RopeArgs& args) {
  on_device(ctx, [&](Session& session, Staged& staged) {
    RopeArgs copy = args;
    copy.x = staged.update(args.x, size(args.n_rows), size(int64_t{args.n_heads} * args.head_dim),
                           size(args.x_stride));
    copy.positions = staged.in(args.positions, size(args.n_rows));
    copy.inv_freq = staged.in(args.inv_freq, size(args.head_dim / 2));
    rope(session.stream(), copy);
  });
}

// Rows on the device, their block tables one after the other.
DeviceRows stage_rows(Staged& staged, const AttentionRow* rows, int64_t n_rows, const KvLayer& kv,
                      int group) {
  std::vector<int32_t> positions, table_of, tables, run_first;
  DeviceRows result = {};
  bool prompt = false;
  for (int64_t r = 1; r < n_rows; ++r) prompt = prompt || rows[r].block_table == rows[r - 1].block_table;
  const int64_t most_of_run = rows_of_run(group, prompt);
  for (int64_t first = 0; first < n_rows;) {
    int64_t last = first + 1;
    while (last < n_rows && rows[last].block_table == rows[first].block_table) ++last;
    const int32_t begin = static_cast<int32_t>(tables.size());
    const int64_t n_blocks = rows[last - 1].position / kv.block_size + 1;
    tables.insert(tables.end(), rows[first].block_table, rows[first].block_table + n_blocks);
    for (int64_t r = first; r < last; ++r) {
      if ((r - first) % most_of_run == 0) run_first.push_back(static_cast<int32_t>(r));
      positions.push_back(rows[r].position);
      table_of.push_back(begin);
    }
    result.most_tokens = std::max<int64_t>(result.most_tokens, rows[last - 1].position + int64_t{1});
    first = last;
  }
  result.n_runs = static_cast<int64_t>(run_first.size());
  run_first.push_back(static_cast<int32_t>(n_rows));
  for (const int32_t block : tables) result.n_blocks = std::max(result.n_blocks, block + 1);
  result.n_rows = n_rows;
  result.n_table_entries = static_cast<int64_t>(tables.size());
  result.positions = staged.in(positions.data(), positions.size());
  result.table_of = staged.in(table_of.data(), table_of.size());
  result.tables = staged.in(tables.data(), tables.size());
  result.run_first = staged.in(run_first.data(), run_first.size());
  return result;
}

void run_store_kv(OpContext& ctx, const StoreKvArgs& args) {
  on_device(ctx, [&](Session& session, Staged& staged) {
    const int64_t width = int64_t{args.kv.n_kv_heads} * args.kv.head_dim;
    StoreKvArgs copy = args;
    copy.k = staged.in(args.k, size((args.n_rows - 1) * args.k_stride + width));
    copy.v = staged.in(args.v, size((args.n_rows - 1) * args.v_stride + width));
    store_kv(session.stream(), copy, stage_rows(staged, args.rows, args.n_rows, args.kv, 1));
  });
}

void run_attention(OpContext& ctx, const AttentionArgs& args) {
  on_device(ctx, [&](Session& session, Staged& staged) {
    const int64_t width = int64_t{args.n_heads} * args.kv.head_dim;
    AttentionArgs copy = args;
    copy.q = staged.in(args.q, size((args.n_rows - 1) * args.q_stride + width));
    copy.out = staged.out(args.out, 1, size(args.n_rows * width), 0);
    const DeviceRows rows =
        stage_rows(staged, args.rows, args.n_rows, args.kv, args.n_heads / args.kv.n_kv_heads);
    attention(session.stream(), copy, rows,
              staged.take<std::byte>(attention_scratch_bytes(session.limits())));
  });
}

void run_swiglu(OpContext& ctx, const SwigluArgs& args) {
  on_device(ctx, [&](Session& session, Staged& staged) {
    const size_t n = size(args.n_rows * args.n_cols);
    SwigluArgs copy = args;
    copy.gate = staged.in(args.gate, n);
    copy.up = staged.in(args.up, n);
    copy.out = staged.out(args.out, 1, n, 0);
    swiglu(session.stream(), copy);
  });
}

void run_add(OpContext& ctx, const AddArgs& args) {
  on_device(ctx, [&](Session& session, Staged& staged) {
    AddArgs copy = args;
    copy.x = staged.update(args.x, 1, size(args.count), 0);
    copy.y = staged.in(args.y, size(args.count));
    add(session.stream(), copy);
  });
}

size_t no_scratch(const OpLimits&) { return 0; }

int32_t open_session(const SessionArgs& args, BackendSession** out, qwq_error* error) {
  DeviceError failure = {QWQ_OK, ""};
  try {
    *out = new Session(args);
    return QWQ_OK;
  } catch (const DeviceError& e) {
    failure = e;
  } catch (const std::exception& e) {
    failure = {QWQ_OUT_OF_MEMORY, e.what()};
  }
  error->status = failure.status;
  std::snprintf(error->message, sizeof(error->message), "%s", failure.message.c_str());
  return failure.status;
}

}  // namespace

}  // namespace qwq::cuda

extern "C" __attribute__((visibility("default"))) const qwq::Backend* qwq_cuda_backend(uint32_t version) {
  using namespace qwq::cuda;
  static const qwq::Backend backend = {
      .name = Device::backend_name(),
      .embed = run_embed,
      .rms_norm = run_rms_norm,
      .matmul = run_matmul,
      .rope = run_rope,
      .store_kv = run_store_kv,
      .attention = run_attention,
      .swiglu = run_swiglu,
      .add = run_add,
      .scratch_bytes = no_scratch,
      .open = open_session,
  };
  return version == kPluginVersion ? &backend : nullptr;
}
