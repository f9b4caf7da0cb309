#pragma once

#include <vector>

#include "kernels/backend.h"
#include "runtime/engine_config.h"
#include "runtime/model.h"

namespace qwq {

// Everything of the model that the operators of a placement read.
struct StageWeights {
  StageWeights(const Model& model, const Placement& placement);

  // On a device.
  size_t bytes() const;

  std::vector<const Tensor*> matrices;
  std::vector<SessionVector> vectors;
};

}  // namespace qwq
