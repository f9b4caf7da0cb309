#pragma once

#include <atomic>
#include <memory>

#include "kernels/thread_pool.h"
#include "qwq.h"
#include "runtime/engine_config.h"
#include "runtime/forward.h"
#include "runtime/kv_cache.h"
#include "runtime/model.h"
#include "runtime/workspace.h"

namespace qwq {

// KV cache, workspace and threads for one model, and the steps over them.
class Engine {
 public:
  // Takes all memory a step will need and starts the threads. Throws Error and std::system_error. The model
  // must outlive the engine.
  Engine(const Model& model, const EngineConfig& config);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // See qwq_step. Throws Error; a second call at the same time is refused, here and below.
  void step(const qwq_batch& batch);

  // See qwq_kv_copy, qwq_kv_read and qwq_kv_write. Throw Error(QWQ_INVALID_ARGUMENT).
  void copy_kv_block(int32_t from, int32_t to);
  void read_kv_block(int32_t block, void* dst, uint64_t dst_bytes);
  void write_kv_block(int32_t block, const void* src, uint64_t src_bytes);

  const char* isa() const { return config_.backend->name; }

  // What the constructor takes. Throws Error(QWQ_INVALID_ARGUMENT) for sizes beyond size_t.
  static qwq_memory memory(const Model& model, const EngineConfig& config);

 private:
  StepRows lay_out_rows(const qwq_batch& batch);
  RowRange append_rows(const qwq_batch& batch, qwq_role role, Recipe recipe, int64_t first);
  void compute_outputs(OpContext& op, const qwq_batch& batch, const RowRange& rows);

  const Model& model_;
  const EngineConfig config_;
  std::unique_ptr<BackendSession> session_;  // null for backends that work on the host's memory
  KvCache cache_;
  WorkspaceMemory memory_;
  Workspace& w_;
  ThreadPool pool_;
  Forward forward_;
  std::atomic<bool> busy_{false};
};

}  // namespace qwq
