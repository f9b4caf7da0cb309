#include "kernels/cuda/session.h"

#include <algorithm>
#include <cstdio>
#include <exception>

namespace qwq::cuda {

namespace {

// Enough for the arguments of any one operator: what it reads (three arrays of rows at most, vectors, the
// tables of its rows), what it writes, and scratch.
size_t staging_bytes(const SessionArgs& args) {
  const OpLimits& l = args.limits;
  const int64_t q_size = int64_t{l.n_heads} * l.head_dim;
  const int64_t inputs =
      3 * l.max_rows * std::max(l.max_cols, q_size) + 4 * args.max_output_floats / l.max_rows;
  // A block table of each row: rows of one sequence share theirs, but a batch may be all of single rows.
  const int64_t tables = l.max_rows * (ceil_div(l.max_context, kKvGroup) + 4);
  const size_t bytes = static_cast<size_t>(inputs + args.max_output_floats + tables) * 4;
  const size_t scratch = std::max(matmul_scratch_bytes(l.max_rows, l.max_cols), attention_scratch_bytes(l));
  return bytes + scratch + (1 << 20);
}

}  // namespace

Session::Session(const SessionArgs& args) : device_(Device::open(args.device)), limits_(args.limits) {
  if (limits_.head_dim > kMostHeadDim) {
    throw DeviceError{QWQ_UNSUPPORTED, "config.backend: CUDA attention takes heads of up to " +
                                           std::to_string(kMostHeadDim) + " elements, the model's have " +
                                           std::to_string(limits_.head_dim)};
  }
  for (size_t i = 0; i < args.n_weights; ++i) {
    const Tensor& host = *args.weights[i];
    if (weights_.contains(host.data)) continue;
    const size_t bytes = static_cast<size_t>(host.rows) * host.row_bytes;
    const size_t padded = (bytes + 15) / 16 * 16;
    DeviceMemory memory(*device_, padded, "weights");
    device_->zero(memory.data() + bytes, padded - bytes);
    device_->upload(memory.data(), host.data, bytes);
    Tensor on_device = host;
    on_device.data = memory.data();
    weights_.emplace(host.data, on_device);
    weight_memory_.push_back(std::move(memory));
  }
  kv_ = DeviceMemory(*device_, args.kv_bytes, "the KV cache");
  staging_ = DeviceMemory(*device_, staging_bytes(args), "operators");
}

const Tensor& Session::weight(const Tensor& host) const {
  const auto it = weights_.find(host.data);
  if (it == weights_.end()) throw DeviceError{QWQ_INTERNAL, "CUDA: a weight that was not announced"};
  return it->second;
}

template <typename Body>
int32_t Session::guarded(qwq_error* error, Body&& body) noexcept {
  DeviceError failure = {QWQ_OK, ""};
  try {
    body();
    return QWQ_OK;
  } catch (const DeviceError& e) {
    failure = e;
  } catch (const std::exception& e) {
    failure = {QWQ_INTERNAL, e.what()};
  }
  error->status = failure.status;
  std::snprintf(error->message, sizeof(error->message), "%s", failure.message.c_str());
  return failure.status;
}

int32_t Session::copy_kv(size_t to, size_t from, size_t bytes, qwq_error* error) noexcept {
  return guarded(error, [&] { device_->copy(kv_.data() + to, kv_.data() + from, bytes); });
}

int32_t Session::read_kv(void* dst, size_t offset, size_t bytes, qwq_error* error) noexcept {
  return guarded(error, [&] { device_->download(dst, kv_.data() + offset, bytes); });
}

int32_t Session::write_kv(size_t offset, const void* src, size_t bytes, qwq_error* error) noexcept {
  return guarded(error, [&] { device_->upload(kv_.data() + offset, src, bytes); });
}

int32_t Session::take_failure(qwq_error* error) noexcept {
  if (!failed()) return QWQ_OK;
  const DeviceError failure = std::exchange(failure_, {QWQ_OK, ""});
  return guarded(error, [&] { throw failure; });
}

}  // namespace qwq::cuda
