// What the CUDA runtime and the driver say of GPUs.
#include <cuda.h>
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>

#include "kernels/cuda/device/code_for.h"
#include "kernels/cuda/device/query.h"
#include "kernels/cuda/plugin.h"

namespace qwq::cuda {

namespace {

constexpr int kLeastCapability = 75;  // the oldest generation that CUDA 13 compiles for

template <size_t kSize, typename... Values>
void say(char (&to)[kSize], const char* format, Values... values) {
  std::snprintf(to, kSize, format, values...);
}

void query_library(qwq_cuda* out) {
  cudaDriverGetVersion(&out->driver_version);
  cudaRuntimeGetVersion(&out->runtime_version);
  const cudaError_t status = cudaGetDeviceCount(&out->n_devices);
  if (status != cudaSuccess) out->n_devices = 0;
  const int needed = out->runtime_version;
  if (out->driver_version == 0) {
    say(out->problem, "no NVIDIA driver was found (libcuda.so.1)");
  } else if (status == cudaErrorInsufficientDriver) {
    say(out->problem, "the NVIDIA driver supports CUDA %d.%d, but %d.%d is needed",
        out->driver_version / 1000, out->driver_version % 1000 / 10, needed / 1000, needed % 1000 / 10);
  } else if (status != cudaSuccess && status != cudaErrorNoDevice) {
    say(out->problem, "CUDA does not start: %s", cudaGetErrorString(status));
  } else if (out->n_devices == 0) {
    say(out->problem, "the NVIDIA driver shows no device");
  }
}

// The driver's function, which the runtime has loaded; null where the driver lacks it.
template <typename Function>
Function* driver_function(const char* name, unsigned version) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found;
  const cudaError_t status =
      cudaGetDriverEntryPointByVersion(name, &function, version, cudaEnableDefault, &found);
  if (status != cudaSuccess || found != cudaDriverEntryPointSuccess) return nullptr;
  return reinterpret_cast<Function*>(function);
}

// Free memory with CUDA's own share taken. Only a context knows, and one takes memory itself: the driver is
// asked, not the runtime, because a context that was made for this goes away again.
CUresult free_memory(int ordinal, size_t* free) {
  const auto get = driver_function<decltype(cuDeviceGet)>("cuDeviceGet", 2000);
  const auto retain = driver_function<decltype(cuDevicePrimaryCtxRetain)>("cuDevicePrimaryCtxRetain", 7000);
  const auto release =
      driver_function<decltype(cuDevicePrimaryCtxRelease)>("cuDevicePrimaryCtxRelease", 11000);
  const auto push = driver_function<decltype(cuCtxPushCurrent)>("cuCtxPushCurrent", 4000);
  const auto pop = driver_function<decltype(cuCtxPopCurrent)>("cuCtxPopCurrent", 4000);
  const auto info = driver_function<decltype(cuMemGetInfo)>("cuMemGetInfo", 3020);
  if (!get || !retain || !release || !push || !pop || !info) return CUDA_ERROR_NOT_SUPPORTED;
  CUdevice device;
  CUcontext context;
  CUresult result = get(&device, ordinal);
  if (result != CUDA_SUCCESS) return result;
  result = retain(&context, device);
  if (result != CUDA_SUCCESS) return result;
  result = push(context);
  if (result == CUDA_SUCCESS) {
    size_t total = 0;
    result = info(free, &total);
    pop(&context);
  }
  release(device);
  return result;
}

void query_usable(int ordinal, qwq_device* out) {
  size_t free = 0;
  const CUresult result = free_memory(ordinal, &free);
  if (result == CUDA_SUCCESS) {
    out->free_memory = free;
  } else if (result == CUDA_ERROR_OUT_OF_MEMORY) {
    say(out->problem, "its memory is taken: there is none for CUDA itself");
  } else {
    const auto describe = driver_function<decltype(cuGetErrorString)>("cuGetErrorString", 6000);
    const char* text = nullptr;
    if (describe != nullptr) describe(result, &text);
    say(out->problem, "CUDA cannot use it: %s", text != nullptr ? text : "error of the driver");
  }
}

}  // namespace

int32_t query_device(const char* name, qwq_device* out, qwq_error* error) {
  char* end = nullptr;
  const long ordinal = std::strtol(name, &end, 10);
  if (name[0] < '0' || name[0] > '9' || *end != 0) {
    error->status = QWQ_INVALID_ARGUMENT;
    say(error->message, "name: expected a device's number from 0 on, or \"sim\", found \"%.24s\"", name);
    return error->status;
  }
  qwq_cuda cuda = {};
  query_library(&cuda);
  if (cuda.problem[0] != 0 || ordinal >= cuda.n_devices) {
    error->status = QWQ_UNSUPPORTED;
    if (cuda.problem[0] != 0) {
      say(error->message, "device \"%.24s\": %.400s", name, cuda.problem);
    } else {
      say(error->message, "device \"%.24s\": the driver shows devices 0 to %d", name, cuda.n_devices - 1);
    }
    return error->status;
  }
  const int device = static_cast<int>(ordinal);
  cudaDeviceProp properties;
  const cudaError_t status = cudaGetDeviceProperties(&properties, device);
  if (status != cudaSuccess) {
    error->status = QWQ_UNSUPPORTED;
    say(error->message, "device \"%.24s\": %s", name, cudaGetErrorString(status));
    return error->status;
  }
  say(out->title, "%s", properties.name);
  out->compute_capability = 10 * properties.major + properties.minor;
  out->n_multiprocessors = properties.multiProcessorCount;
  out->total_memory = properties.totalGlobalMem;
  out->has_code = out->compute_capability >= kLeastCapability &&
                  has_code_for(10 * out->compute_capability, {__CUDA_ARCH_LIST__});
  if (out->compute_capability < kLeastCapability) {
    say(out->problem, "its compute capability is %d.%d, but %d.%d is the least that is supported",
        properties.major, properties.minor, kLeastCapability / 10, kLeastCapability % 10);
  } else if (!out->has_code) {
    say(out->problem, "the library has no kernels for compute capability %d.%d", properties.major,
        properties.minor);
  } else {
    query_usable(device, out);
  }
  return QWQ_OK;
}

}  // namespace qwq::cuda

extern "C" __attribute__((visibility("default"))) const qwq::cuda::Query* qwq_cuda_query(uint32_t version) {
  using namespace qwq::cuda;
  static constexpr Query query = {query_library, query_device};
  return version == kPluginVersion ? &query : nullptr;
}
