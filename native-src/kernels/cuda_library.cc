#include "kernels/cuda_library.h"

#include <dlfcn.h>

#include "kernels/cuda/plugin.h"

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

CudaLibrary CudaLibrary::open_for(const std::string& device) {
  const bool simulated = device == "sim" || device.starts_with("sim:");
  CudaLibrary library;
  library.path_ = own_folder() + (simulated ? "libqwq_cuda_sim.so" : "libqwq_cuda.so");
  library.handle_ = dlopen(library.path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library.handle_ == nullptr) {
    const char* why = dlerror();
    library.problem_ = why != nullptr ? why : library.path_ + ": cannot be opened";
  }
  return library;
}

const void* CudaLibrary::find(const char* symbol) const {
  if (handle_ == nullptr) return nullptr;
  const auto entry = reinterpret_cast<const void* (*)(uint32_t)>(dlsym(handle_, symbol));
  return entry == nullptr ? nullptr : entry(cuda::kPluginVersion);
}

}  // namespace qwq
