#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "kernels/thread_pool.h"
#include "qwq.h"
#include "runtime/engine_config.h"
#include "runtime/model.h"
#include "runtime/stage.h"
#include "runtime/workspace.h"

namespace qwq {

// Stages, workspace and threads for one model, and the steps over them.
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

  const char* isa() const { return config_.placements.front().backend->name; }

  // What the constructor takes, in all and by placement. Throw Error(QWQ_INVALID_ARGUMENT) for sizes beyond
  // size_t and for an index that no placement has.
  static qwq_memory memory(const Model& model, const EngineConfig& config);
  static qwq_placement_memory placement_memory(const Model& model, const EngineConfig& config, int32_t index);

 private:
  StepTable lay_out_rows(const qwq_batch& batch);
  void append_rows(const qwq_batch& batch, qwq_role role, StepTable* step);
  void run_stages(OpContext& op, const StepTable& step);
  void compute_outputs(OpContext& op, const qwq_batch& batch, int64_t first, int64_t n, Recipe recipe);
  size_t kv_block_bytes() const;
  void check_kv_bytes(const char* name, uint64_t bytes) const;

  const Model& model_;
  const EngineConfig config_;
  std::vector<std::unique_ptr<Stage>> stages_;  // of the placements
  WorkspaceMemory memory_;
  Workspace& w_;
  ThreadPool pool_;
  std::atomic<bool> busy_{false};
};

}  // namespace qwq
