// The CUDA backend, from a library of its own.
#include "kernels/backend.h"
#include "kernels/cuda/plugin.h"
#include "kernels/cuda_library.h"
#include "runtime/error.h"

namespace qwq {

const Backend& cuda_backend(const char* device) {
  const CudaLibrary library = CudaLibrary::open_for(device);
  if (!library.problem().empty()) {
    fail(QWQ_UNSUPPORTED, "config.backend: the CUDA backend needs a library of its own: %s",
         library.problem().c_str());
  }
  const auto* backend = library.table<Backend>(cuda::kPluginSymbol);
  if (backend == nullptr) {
    fail(QWQ_UNSUPPORTED, "config.backend: %s is of another version", library.path().c_str());
  }
  return *backend;
}

}  // namespace qwq
