// What the simulator says of its devices.
#include <cstdio>

#include "kernels/cuda/plugin.h"
#include "kernels/cuda/sim/name.h"

namespace qwq::cuda {

namespace {

void query_library(qwq_cuda* out) { out->n_devices = 1; }

int32_t query_device(const char* name, qwq_device* out, qwq_error* error) {
  const std::optional<size_t> bytes = simulated_memory(name);
  if (!bytes) {
    error->status = QWQ_INVALID_ARGUMENT;
    std::snprintf(error->message, sizeof(error->message),
                  "name: expected \"sim\", or \"sim:\" and a number of GiB or MiB such as \"sim:12GiB\", "
                  "found \"%.24s\"",
                  name);
    return error->status;
  }
  std::snprintf(out->title, sizeof(out->title), "simulated device");
  out->has_code = 1;
  out->n_multiprocessors = 1;
  out->total_memory = *bytes;
  out->free_memory = *bytes;
  return QWQ_OK;
}

}  // namespace

}  // namespace qwq::cuda

extern "C" __attribute__((visibility("default"))) const qwq::cuda::Query* qwq_cuda_query(uint32_t version) {
  using namespace qwq::cuda;
  static constexpr Query query = {query_library, query_device};
  return version == kPluginVersion ? &query : nullptr;
}
