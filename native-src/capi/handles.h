// What the opaque handles of qwq.h are.
#pragma once

#include "qwq.h"
#include "runtime/engine.h"
#include "runtime/model.h"

struct qwq_model {
  qwq_model(const qwq_model_config& config, const qwq_weights& weights) : model(config, weights) {}
  qwq::Model model;
};

struct qwq_engine {
  qwq_engine(const qwq::Model& model, const qwq::EngineConfig& config) : engine(model, config) {}
  qwq::Engine engine;
};
