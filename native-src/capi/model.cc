#include "runtime/model.h"

#include <memory>

#include "capi/boundary.h"
#include "capi/handles.h"

using qwq::guarded;
using qwq::require_not_null;

int32_t qwq_model_create(const qwq_model_config* config, const qwq_weights* weights, qwq_model** out,
                         qwq_error* error) {
  return guarded(error, [&] {
    require_not_null(out, "out");
    *out = nullptr;
    require_not_null(config, "config");
    require_not_null(weights, "weights");
    *out = std::make_unique<qwq_model>(*config, *weights).release();
  });
}

void qwq_model_destroy(qwq_model* model) {
  delete model;
}
