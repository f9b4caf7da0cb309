// Finds the library with the CUDA kernels beside the one this is in.
#include <dlfcn.h>

#include <string>

#include "kernels/backend.h"
#include "kernels/cuda/plugin.h"
#include "runtime/error.h"

namespace qwq {

namespace {

// Folder of this library, with its slash.
std::string own_folder() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&own_folder), &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

}  // namespace

const Backend& cuda_backend(const char* device) {
  const bool simulated = std::string(device) == "sim";
  const std::string path = own_folder() + (simulated ? "libqwq_cuda_sim.so" : "libqwq_cuda.so");
  // Stays open: engines use its code.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    fail(QWQ_UNSUPPORTED, "config.backend: the CUDA backend needs a library of its own: %s",
         why != nullptr ? why : path.c_str());
  }
  const auto entry = reinterpret_cast<decltype(&qwq_cuda_backend)>(dlsym(library, cuda::kPluginSymbol));
  const Backend* backend = entry == nullptr ? nullptr : entry(cuda::kPluginVersion);
  if (backend == nullptr) {
    fail(QWQ_UNSUPPORTED, "config.backend: %s is of another version", path.c_str());
  }
  return *backend;
}

}  // namespace qwq
