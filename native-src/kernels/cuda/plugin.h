// Between libqwq and the libraries with CUDA kernels, which it opens when asked for them. Both are built from
// one tree.
#pragma once

#include <cstdint>

#include "qwq.h"

namespace qwq {
struct Backend;
}

namespace qwq::cuda {

// Changes with everything that both sides share: qwq.h, kernels/backend.h and what that includes.
inline constexpr uint32_t kPluginVersion = 7;

inline constexpr const char* kPluginSymbol = "qwq_cuda_backend";
inline constexpr const char* kQuerySymbol = "qwq_cuda_query";

// What a library says of its devices. Nothing throws.
struct Query {
  // Fills versions, n_devices and problem; the rest is the caller's.
  void (*library)(qwq_cuda* out);
  // As qwq_device_get, into a struct that is all zero.
  int32_t (*device)(const char* name, qwq_device* out, qwq_error* error);
};

}  // namespace qwq::cuda

// The operators; null for another version.
extern "C" const qwq::Backend* qwq_cuda_backend(uint32_t version);
// The devices; null for another version.
extern "C" const qwq::cuda::Query* qwq_cuda_query(uint32_t version);
