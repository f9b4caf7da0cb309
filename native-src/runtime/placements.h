#pragma once

#include <vector>

#include "qwq.h"
#include "runtime/engine_config.h"

namespace qwq {

// The placements of a configuration, one for all layers if it names none. Throws as check_engine_config.
std::vector<Placement> check_placements(const qwq_engine_config& config, int n_layers);

}  // namespace qwq
