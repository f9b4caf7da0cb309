// What the CUDA backend keeps for an engine, and how an operator's arguments get to the device and back.
#pragma once

#include <unordered_map>
#include <vector>

#include "kernels/cuda/device.h"
#include "kernels/cuda/ops.h"

namespace qwq::cuda {

class Session : public BackendSession {
 public:
  // Copies the weights. Throws DeviceError.
  explicit Session(const SessionArgs& args);

  std::byte* kv_base() noexcept override { return kv_.data(); }
  int32_t copy_kv(size_t to, size_t from, size_t bytes, qwq_error* error) noexcept override;
  int32_t read_kv(void* dst, size_t offset, size_t bytes, qwq_error* error) noexcept override;
  int32_t write_kv(size_t offset, const void* src, size_t bytes, qwq_error* error) noexcept override;
  int32_t take_failure(qwq_error* error) noexcept override;

  Device& device() { return *device_; }
  Stream& stream() { return device_->stream(); }
  const OpLimits& limits() const { return limits_; }

  // The copy on the device of a weight that open() was given.
  const Tensor& weight(const Tensor& host) const;

  bool failed() const { return failure_.status != QWQ_OK; }
  void note(DeviceError failure) { failure_ = std::move(failure); }

  // Memory for the arguments of one operator.
  DeviceMemory& staging() { return staging_; }

 private:
  template <typename Body>
  int32_t guarded(qwq_error* error, Body&& body) noexcept;

  std::unique_ptr<Device> device_;
  OpLimits limits_;
  std::vector<DeviceMemory> weight_memory_;
  std::unordered_map<const std::byte*, Tensor> weights_;
  DeviceMemory kv_;
  DeviceMemory staging_;
  DeviceError failure_ = {QWQ_OK, ""};
};

// Arguments of one operator on their way: uploaded as they are named, downloaded by finish().
class Staged {
 public:
  explicit Staged(Session& session) : session_(session) {}
  Staged(const Staged&) = delete;

  // Copies of the host's arrays. A null pointer stays one.
  template <typename T>
  const T* in(const T* host, size_t count) {
    if (host == nullptr) return nullptr;
    T* copy = take<T>(count);
    session_.device().upload(reinterpret_cast<std::byte*>(copy), host, count * sizeof(T));
    return copy;
  }
  // Rows of cols elements, `stride` apart.
  template <typename T>
  T* out(T* host, size_t rows, size_t cols, size_t stride) {
    T* copy = take<T>(rows == 0 ? 0 : (rows - 1) * stride + cols);
    results_.push_back(
        {host, reinterpret_cast<std::byte*>(copy), rows, cols * sizeof(T), stride * sizeof(T)});
    return copy;
  }
  template <typename T>
  T* update(T* host, size_t rows, size_t cols, size_t stride) {
    T* copy = out(host, rows, cols, stride);
    for (size_t r = 0; r < rows; ++r) {
      session_.device().upload(reinterpret_cast<std::byte*>(copy + r * stride), host + r * stride,
                               cols * sizeof(T));
    }
    return copy;
  }
  template <typename T>
  T* take(size_t count) {
    return reinterpret_cast<T*>(take_bytes(count * sizeof(T)));
  }

  void finish() {
    session_.device().wait();
    for (const Result& result : results_) {
      for (size_t r = 0; r < result.rows; ++r) {
        session_.device().download(static_cast<std::byte*>(result.host) + r * result.stride_bytes,
                                   result.device + r * result.stride_bytes, result.row_bytes);
      }
    }
  }

 private:
  struct Result {
    void* host;
    std::byte* device;
    size_t rows;
    size_t row_bytes;
    size_t stride_bytes;
  };

  std::byte* take_bytes(size_t bytes) {
    const size_t begin = used_;
    used_ += (bytes + 255) / 256 * 256;
    if (used_ > session_.staging().bytes()) {
      throw DeviceError{QWQ_INTERNAL, "CUDA: an operator's arguments take " + std::to_string(used_) +
                                          " bytes, " + std::to_string(session_.staging().bytes()) +
                                          " were planned"};
    }
    return session_.staging().data() + begin;
  }

  Session& session_;
  size_t used_ = 0;
  std::vector<Result> results_;
};

}  // namespace qwq::cuda
