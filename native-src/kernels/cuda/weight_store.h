// The model's weights on a device.
#pragma once

#include <map>
#include <tuple>
#include <unordered_map>

#include "kernels/backend.h"
#include "kernels/cuda/device.h"

namespace qwq::cuda {

class WeightStore {
 public:
  // Bytes that the constructor takes.
  static size_t bytes(const SessionArgs& args);

  // Takes the memory. Throws DeviceError, as copy().
  WeightStore(Device& device, const SessionArgs& args) : memory_(device, bytes(args), "weights") {}

  // Copies matrices and vectors, through two buffers that the device reads from while the host fills the
  // other. Raises args.loaded_bytes and polls args.cancel meanwhile.
  void copy(Device& device, const SessionArgs& args);

  // The copy of a matrix or a vector that the constructor was given.
  const Tensor& matrix(const Tensor& host) const;
  const float* vector(const float* host) const;

 private:
  DeviceMemory memory_;
  // Matrices may share memory.
  using MatrixKey = std::tuple<const std::byte*, DType, int64_t, int64_t>;
  static MatrixKey key(const Tensor& t) { return {t.data, t.dtype, t.rows, t.cols}; }

  std::map<MatrixKey, Tensor> matrices_;
  std::unordered_map<const float*, const float*> vectors_;
};

}  // namespace qwq::cuda
