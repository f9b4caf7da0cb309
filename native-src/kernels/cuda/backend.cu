// The operators as libqwq calls them.
#include <exception>
#include <vector>

#include "kernels/cuda/plugin.h"
#include "kernels/cuda/session.h"

namespace qwq::cuda {

namespace {

// Runs body(session); what goes wrong is kept for the session's take_failure.
template <typename Body>
void on_device(OpContext& ctx, Body&& body) {
  Session& session = *static_cast<Session*>(ctx.session);
  if (session.failed() || ctx.cancelled()) return;
  try {
    body(session);
  } catch (const DeviceError& e) {
    session.note(e);
  } catch (const std::exception& e) {
    session.note(DeviceError(QWQ_INTERNAL, e.what()));
  }
}

void run_rms_norm(OpContext& ctx, const RmsNormArgs& args) {
  on_device(ctx, [&](Session& session) {
    RmsNormArgs copy = args;
    copy.weight = session.weights().vector(args.weight);
    rms_norm(session.stream(), copy);
  });
}

void run_add_rms_norm(OpContext& ctx, const AddRmsNormArgs& args) {
  on_device(ctx, [&](Session& session) {
    AddRmsNormArgs copy = args;
    copy.weight = session.weights().vector(args.weight);
    add_rms_norm(session.stream(), copy);
  });
}

void run_matmul(OpContext& ctx, const MatmulArgs& args) {
  on_device(ctx, [&](Session& session) {
    std::vector<MatmulJob> jobs(args.jobs, args.jobs + args.n_jobs);
    for (MatmulJob& job : jobs) {
      job.weight = &session.weights().matrix(*job.weight);
      job.bias = session.weights().vector(job.bias);
    }
    MatmulArgs copy = args;
    copy.jobs = jobs.data();
    matmul(session.stream(), copy, session.scratch());
  });
}

void run_rope(OpContext& ctx, const RopeArgs& args) {
  on_device(ctx, [&](Session& session) {
    RopeArgs copy = args;
    copy.inv_freq = session.weights().vector(args.inv_freq);
    rope(session.stream(), copy);
  });
}

void run_store_kv(OpContext& ctx, const StoreKvArgs& args) {
  on_device(ctx, [&](Session& session) { store_kv(session.stream(), args, session.rows().all()); });
}

void run_attention(OpContext& ctx, const AttentionArgs& args) {
  on_device(ctx, [&](Session& session) {
    attention(session.stream(), args, session.rows().rows(args.recipe), session.scratch());
  });
}

void run_swiglu(OpContext& ctx, const SwigluArgs& args) {
  on_device(ctx, [&](Session& session) { swiglu(session.stream(), args); });
}

void run_add(OpContext& ctx, const AddArgs& args) {
  on_device(ctx, [&](Session& session) { add(session.stream(), args); });
}

void run_gather(OpContext& ctx, const GatherArgs& args) {
  on_device(ctx, [&](Session& session) { gather(session.stream(), args, session.rows().n_rows()); });
}

int32_t open_session(const SessionArgs& args, BackendSession** out, qwq_error* error) {
  try {
    *out = new Session(args);
    return QWQ_OK;
  } catch (const DeviceError& e) {
    *error = e.error;
  } catch (const std::exception& e) {
    *error = DeviceError(QWQ_OUT_OF_MEMORY, e.what()).error;
  }
  return error->status;
}

}  // namespace

}  // namespace qwq::cuda

extern "C" __attribute__((visibility("default"))) const qwq::Backend* qwq_cuda_backend(uint32_t version) {
  using namespace qwq::cuda;
  static const qwq::Backend backend = {
      .name = Device::backend_name(),
      .embed = nullptr,
      .rms_norm = run_rms_norm,
      .add_rms_norm = run_add_rms_norm,
      .matmul = run_matmul,
      .rope = run_rope,
      .store_kv = run_store_kv,
      .attention = run_attention,
      .swiglu = run_swiglu,
      .add = run_add,
      .gather = run_gather,
      .scratch_bytes = Session::scratch_bytes,
      .host_bytes = Session::host_bytes,
      .open = open_session,
  };
  return version == kPluginVersion ? &backend : nullptr;
}
