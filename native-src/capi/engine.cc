#include "runtime/engine.h"

#include <memory>

#include "capi/boundary.h"
#include "capi/handles.h"

using qwq::guarded;
using qwq::require_not_null;

namespace {

qwq::EngineConfig checked(const qwq_model& model, const qwq_engine_config& config) {
  return qwq::check_engine_config(config, model.model.config().n_layers);
}

}  // namespace

int32_t qwq_engine_memory(const qwq_model* model, const qwq_engine_config* config, qwq_memory* out,
                          qwq_error* error) {
  return guarded(error, [&] {
    require_not_null(model, "model");
    require_not_null(config, "config");
    require_not_null(out, "out");
    *out = qwq::Engine::memory(model->model, checked(*model, *config));
  });
}

int32_t qwq_engine_placement_memory(const qwq_model* model, const qwq_engine_config* config, int32_t index,
                                    qwq_placement_memory* out, qwq_error* error) {
  return guarded(error, [&] {
    require_not_null(model, "model");
    require_not_null(config, "config");
    require_not_null(out, "out");
    *out = qwq::Engine::placement_memory(model->model, checked(*model, *config), index);
  });
}

int32_t qwq_engine_create(const qwq_model* model, const qwq_engine_config* config, qwq_engine** out,
                          qwq_error* error) {
  return guarded(error, [&] {
    require_not_null(out, "out");
    *out = nullptr;
    require_not_null(model, "model");
    require_not_null(config, "config");
    *out = std::make_unique<qwq_engine>(model->model, checked(*model, *config)).release();
  });
}

void qwq_engine_destroy(qwq_engine* engine) { delete engine; }

const char* qwq_engine_isa(const qwq_engine* engine) { return engine == nullptr ? "" : engine->engine.isa(); }

int32_t qwq_step(qwq_engine* engine, const qwq_batch* batch, qwq_error* error) {
  return guarded(error, [&] {
    require_not_null(engine, "engine");
    require_not_null(batch, "batch");
    engine->engine.step(*batch);
  });
}

int32_t qwq_kv_copy(qwq_engine* engine, int32_t from, int32_t to, qwq_error* error) {
  return guarded(error, [&] {
    require_not_null(engine, "engine");
    engine->engine.copy_kv_block(from, to);
  });
}

int32_t qwq_kv_read(qwq_engine* engine, int32_t block, void* dst, uint64_t dst_bytes, qwq_error* error) {
  return guarded(error, [&] {
    require_not_null(engine, "engine");
    require_not_null(dst, "dst");
    engine->engine.read_kv_block(block, dst, dst_bytes);
  });
}

int32_t qwq_kv_write(qwq_engine* engine, int32_t block, const void* src, uint64_t src_bytes,
                     qwq_error* error) {
  return guarded(error, [&] {
    require_not_null(engine, "engine");
    require_not_null(src, "src");
    engine->engine.write_kv_block(block, src, src_bytes);
  });
}
