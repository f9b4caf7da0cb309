#include "kernels/cuda/weight_store.h"

#include <algorithm>
#include <cstring>

namespace qwq::cuda {

namespace {

// The most that is copied at once, and so the host's memory that copying takes, twice.
constexpr size_t kPieceBytes = 16 << 20;

size_t bytes_of(const Tensor& matrix) { return static_cast<size_t>(matrix.rows) * matrix.row_bytes; }
size_t bytes_of(const SessionVector& vector) { return static_cast<size_t>(vector.size) * sizeof(float); }

// Copies pieces from memory that is the device's business only when it is there: files that are mapped.
class Uploader {
 public:
  Uploader(Device& device, const SessionArgs& args)
      : device_(device),
        args_(args),
        buffers_{{device, kPieceBytes, "copying weights"}, {device, kPieceBytes, "copying weights"}} {}

  void copy(std::byte* dst, const void* src, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
      const size_t n = std::min(bytes - done, kPieceBytes);
      std::byte* piece = buffers_[next_].data();
      device_.wait_for(next_);
      std::memcpy(piece, static_cast<const std::byte*>(src) + done, n);
      device_.start_upload(dst + done, piece, n);
      device_.mark(next_);
      next_ = 1 - next_;
      done += n;
      note(n);
    }
  }

  // The end of a weight: zeros up to where the next one begins.
  void fill(std::byte* dst, size_t bytes) {
    device_.zero(dst + bytes, device_bytes(bytes) - bytes);
    note(device_bytes(bytes) - bytes);
  }

  void finish() { device_.wait(); }

 private:
  void note(size_t bytes) {
    if (args_.loaded_bytes != nullptr) {
      __atomic_fetch_add(args_.loaded_bytes, static_cast<uint64_t>(bytes), __ATOMIC_RELAXED);
    }
    if (args_.cancel != nullptr && __atomic_load_n(args_.cancel, __ATOMIC_RELAXED) != 0) {
      device_.wait();
      throw DeviceError{QWQ_CANCELLED, "loading was cancelled"};
    }
  }

  Device& device_;
  const SessionArgs& args_;
  HostMemory buffers_[2];
  int next_ = 0;
};

}  // namespace

size_t WeightStore::bytes(const SessionArgs& args) {
  size_t bytes = 0;
  for (size_t i = 0; i < args.n_weights; ++i) bytes += device_bytes(bytes_of(*args.weights[i]));
  for (size_t i = 0; i < args.n_vectors; ++i) bytes += device_bytes(bytes_of(args.vectors[i]));
  return bytes;
}

void WeightStore::copy(Device& device, const SessionArgs& args) {
  Uploader uploader(device, args);
  std::byte* next = memory_.data();
  const auto place = [&](const void* src, size_t bytes) {
    std::byte* copy = next;
    uploader.copy(copy, src, bytes);
    uploader.fill(copy, bytes);
    next += device_bytes(bytes);
    return copy;
  };
  for (size_t i = 0; i < args.n_weights; ++i) {
    const Tensor& host = *args.weights[i];
    Tensor& copy = matrices_.emplace(key(host), host).first->second;
    copy.data = place(host.data, bytes_of(host));
  }
  for (size_t i = 0; i < args.n_vectors; ++i) {
    const float* host = args.vectors[i].data;
    vectors_.emplace(host, reinterpret_cast<const float*>(place(host, bytes_of(args.vectors[i]))));
  }
  uploader.finish();
}

const Tensor& WeightStore::matrix(const Tensor& host) const {
  const auto it = matrices_.find(key(host));
  if (it == matrices_.end()) throw DeviceError{QWQ_INTERNAL, "CUDA: a weight that was not announced"};
  return it->second;
}

const float* WeightStore::vector(const float* host) const {
  if (host == nullptr) return nullptr;
  const auto it = vectors_.find(host);
  if (it == vectors_.end()) throw DeviceError{QWQ_INTERNAL, "CUDA: a vector that was not announced"};
  return it->second;
}

}  // namespace qwq::cuda
