// Between libqwq and the libraries with CUDA kernels, which it opens when asked for them. Both are built from
// one tree.
#pragma once

#include <cstdint>

namespace qwq {
struct Backend;
}

namespace qwq::cuda {

// Changes with everything that both sides share: kernels/backend.h and what that includes.
inline constexpr uint32_t kPluginVersion = 1;

inline constexpr const char* kPluginSymbol = "qwq_cuda_backend";

}  // namespace qwq::cuda

// The operators; null for another version.
extern "C" const qwq::Backend* qwq_cuda_backend(uint32_t version);
