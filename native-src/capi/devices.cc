#include <algorithm>
#include <cstdio>
#include <cstring>

#include "capi/boundary.h"
#include "kernels/cuda/plugin.h"
#include "kernels/cuda_library.h"
#include "runtime/error.h"

namespace {

using qwq::CudaLibrary;

template <size_t kSize>
void copy_text(char (&to)[kSize], const std::string& text) {
  const size_t length = std::min(text.size(), kSize - 1);
  std::memcpy(to, text.data(), length);
  to[length] = 0;
}

// Null, and says why, if the library cannot be used.
const qwq::cuda::Query* query(const CudaLibrary& library, std::string& problem) {
  problem = library.problem();
  if (!problem.empty()) return nullptr;
  const auto* query = library.table<qwq::cuda::Query>(qwq::cuda::kQuerySymbol);
  if (query == nullptr) problem = library.path() + " is of another version";
  return query;
}

}  // namespace

int32_t qwq_cuda_get(qwq_cuda* out, qwq_error* error) {
  return qwq::guarded(error, [&] {
    qwq::require_not_null(out, "out");
    *out = {};
    const CudaLibrary library = CudaLibrary::open_for("0");
    copy_text(out->library, library.path());
    std::string problem;
    if (const auto* devices = query(library, problem)) {
      out->opened = 1;
      devices->library(out);
    } else {
      copy_text(out->problem, problem);
    }
  });
}

int32_t qwq_device_get(const char* name, qwq_device* out, qwq_error* error) {
  return qwq::guarded(error, [&] {
    qwq::require_not_null(name, "name");
    qwq::require_not_null(out, "out");
    *out = {};
    if (std::strlen(name) >= sizeof(out->name)) {
      qwq::invalid("name: expected at most %zu characters, found %zu", sizeof(out->name) - 1,
                   std::strlen(name));
    }
    const CudaLibrary library = CudaLibrary::open_for(name);
    std::string problem;
    const auto* devices = query(library, problem);
    if (devices == nullptr) {
      qwq::fail(QWQ_UNSUPPORTED, "device \"%s\": the library with its kernels cannot be used: %s", name,
                problem.c_str());
    }
    qwq_error failure = {};
    qwq_device device = {};
    if (devices->device(name, &device, &failure) != QWQ_OK) {
      throw qwq::Error(static_cast<qwq_status>(failure.status), failure.message);
    }
    std::snprintf(device.name, sizeof(device.name), "%s", name);
    *out = device;
  });
}
