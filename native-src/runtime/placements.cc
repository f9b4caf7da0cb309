#include "runtime/placements.h"

#include <cinttypes>
#include <cstring>

#include "runtime/error.h"

namespace qwq {

namespace {

constexpr const char* kHost = "cpu";

const Backend* cpu_variant(const char* isa) {
  const Backend* backend = cpu_backend(isa);
  if (backend == nullptr) {
    fail(QWQ_UNSUPPORTED,
         "config.cpu_isa: \"%s\" is unknown, or this build, processor or operating system "
         "lacks it",
         isa);
  }
  return backend;
}

Placement whole_model(const qwq_engine_config& config, int n_layers) {
  switch (config.backend) {
    case QWQ_BACKEND_REFERENCE:
      if (config.cpu_isa[0] != 0) {
        invalid("config.cpu_isa: the reference backend has no variants, found \"%s\"", config.cpu_isa);
      }
      return {&reference_backend(), kHost, 0, n_layers, true};
    case QWQ_BACKEND_CPU:
      return {cpu_variant(config.cpu_isa), kHost, 0, n_layers, true};
    case QWQ_BACKEND_CUDA:
      return {&cuda_backend(config.cpu_isa), config.cpu_isa, 0, n_layers, true};
    default:
      invalid("config.backend: expected an enum qwq_backend, found %" PRId32, config.backend);
  }
}

Placement run_of_layers(const qwq_placement& placement, int index, int first_layer, int n_layers) {
  if (std::memchr(placement.device, 0, sizeof(placement.device)) == nullptr) {
    invalid("config.placements[%d].device is not NUL-terminated", index);
  }
  if (placement.n_layers < 1 || placement.n_layers > n_layers - first_layer) {
    invalid("config.placements[%d].n_layers: %d of %d layers are left, found %" PRId32, index,
            n_layers - first_layer, n_layers, placement.n_layers);
  }
  const bool on_host = std::strcmp(placement.device, kHost) == 0;
  const Backend* backend = on_host ? cpu_variant("") : &cuda_backend(placement.device);
  const bool last = first_layer + placement.n_layers == n_layers;
  return {backend, placement.device, first_layer, placement.n_layers, last};
}

}  // namespace

std::vector<Placement> check_placements(const qwq_engine_config& config, int n_layers) {
  if (std::memchr(config.cpu_isa, 0, sizeof(config.cpu_isa)) == nullptr) {
    invalid("config.cpu_isa is not NUL-terminated");
  }
  if (config.n_placements == 0) return {whole_model(config, n_layers)};
  if (config.backend != QWQ_BACKEND_CUDA) {
    invalid("config.n_placements: only the CUDA backend places layers, found %" PRId32, config.n_placements);
  }
  if (config.n_placements < 0 || config.n_placements > n_layers) {
    invalid("config.n_placements: expected 0 .. %d, as there are layers, found %" PRId32, n_layers,
            config.n_placements);
  }
  if (config.placements == nullptr) invalid("config.placements is NULL");
  std::vector<Placement> placements;
  int first_layer = 0;
  for (int i = 0; i < config.n_placements; ++i) {
    placements.push_back(run_of_layers(config.placements[i], i, first_layer, n_layers));
    first_layer += placements.back().n_layers;
  }
  if (first_layer != n_layers) {
    invalid("config.placements: they have %d layers, the model has %d", first_layer, n_layers);
  }
  return placements;
}

}  // namespace qwq
