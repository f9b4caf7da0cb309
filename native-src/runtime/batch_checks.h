#pragma once

#include "qwq.h"
#include "runtime/engine_config.h"
#include "runtime/model.h"
#include "runtime/workspace.h"

namespace qwq {

// Checks everything a step will read or write through a batch. Throws Error(QWQ_INVALID_ARGUMENT) naming
// sequence and field. Uses block_writers and token_marks of the workspace.
void check_batch(const qwq_batch& batch, const ModelConfig& model, const EngineConfig& engine,
                 Workspace& workspace);

}  // namespace qwq
