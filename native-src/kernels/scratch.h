#pragma once

#include <cstddef>

#include "kernels/backend.h"

namespace qwq {

// Rounds up to whole cache lines, so that workers never share one.
constexpr size_t padded_bytes(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Piece `worker` of a scratch buffer that is divided into equal padded pieces after `skip` bytes.
template <typename T>
T* worker_scratch(const OpContext& ctx, int worker, size_t bytes_each, size_t skip = 0) {
  return reinterpret_cast<T*>(ctx.scratch + skip + static_cast<size_t>(worker) * padded_bytes(bytes_each));
}

}  // namespace qwq
