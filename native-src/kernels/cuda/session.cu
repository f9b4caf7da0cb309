#include "kernels/cuda/session.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>

namespace qwq::cuda {

namespace {

// Layers that may be under way when a step is cancelled: with many rows a layer takes long.
constexpr int kLayersAhead = Device::kMarks - 1;
constexpr int64_t kManyRows = 1024;

// What is left to the driver for kernels and captured steps.
constexpr size_t kReserve = 64 << 20;

size_t operator_bytes(const OpLimits& l) {
  const size_t sampling = l.logits_rows == 0 ? 0 : sample_scratch_bytes(l.logits_rows, l.vocab_size);
  const MatmulLimits matmul = {l.max_rows, l.max_cols, l.max_quantized_rows, l.max_quantized_elements};
  return std::max({matmul_scratch_bytes(matmul), attention_scratch_bytes(l), sampling});
}

size_t hidden_bytes(const OpLimits& l) {
  return static_cast<size_t>(l.max_rows * l.hidden_size) * sizeof(float);
}

std::string figures(size_t bytes) {
  char text[32];
  if (bytes < size_t{1} << 30) {
    std::snprintf(text, sizeof(text), "%zu MiB", (bytes + (1 << 20) - 1) >> 20);
  } else {
    std::snprintf(text, sizeof(text), "%.2f GiB", static_cast<double>(bytes) / (1 << 30));
  }
  return text;
}

}  // namespace

size_t Session::scratch_bytes(const OpLimits& limits) {
  return StepRows::bytes(limits) + StepOutputs::bytes(limits) + operator_bytes(limits);
}

size_t Session::host_bytes(const OpLimits& limits) {
  return hidden_bytes(limits) + StepRows::bytes(limits) + StepOutputs::bytes(limits);
}

Session::Session(const SessionArgs& args)
    : device_((require_supported(args.limits), Device::open(args.device))),
      weights_((require_room(args), *device_), args),
      rows_(*device_, args.limits, args.spare_block),
      outputs_(args.limits.logits_rows == 0 ? nullptr : new StepOutputs(*device_, args.limits)),
      hidden_input_(*device_, hidden_bytes(args.limits), "the residual stream"),
      hidden_size_(args.limits.hidden_size),
      kv_(*device_, args.kv_bytes, "the KV cache"),
      activations_(*device_, args.activation_bytes, "activations"),
      scratch_(*device_, operator_bytes(args.limits), "operators") {
  weights_.copy(*device_, args);
}

Session::~Session() {
  try {
    device_->wait();
  } catch (...) {
    // Nothing is left that could use what is freed now.
  }
}

void Session::require_supported(const OpLimits& limits) {
  if (limits.head_dim > kMostHeadDim) {
    throw DeviceError{QWQ_UNSUPPORTED, "config.backend: CUDA attention takes heads of up to " +
                                           std::to_string(kMostHeadDim) + " elements, the model's have " +
                                           std::to_string(limits.head_dim)};
  }
}

// Before anything is copied, and in one sentence.
void Session::require_room(const SessionArgs& args) {
  const size_t weights = WeightStore::bytes(args);
  const size_t workspace = args.activation_bytes + scratch_bytes(args.limits);
  const size_t free = device_->free_bytes();
  const size_t needed = weights + args.kv_bytes + workspace + kReserve;
  if (needed <= free) return;
  throw DeviceError{QWQ_OUT_OF_MEMORY, std::string("device \"") + args.device + "\" has " + figures(free) +
                                           " of memory free, the engine needs " +
                                           figures(weights + args.kv_bytes + workspace) + " of it: weights " +
                                           figures(weights) + ", KV cache " + figures(args.kv_bytes) +
                                           ", workspace " + figures(workspace) +
                                           "; place fewer layers there, or take a smaller context"};
}

template <typename Body>
int32_t Session::guarded(qwq_error* error, Body&& body) noexcept {
  try {
    body();
    return QWQ_OK;
  } catch (const DeviceError& e) {
    *error = e.error;
  } catch (const std::exception& e) {
    *error = DeviceError(QWQ_INTERNAL, e.what()).error;
  }
  return error->status;
}

int32_t Session::begin_step(const StepTable& table, float* hidden, StepStart* out,
                            qwq_error* error) noexcept {
  return guarded(error, [&] {
    failure_ = {};
    paced_ = 0;
    device_->wait();  // after a step that failed
    rows_.set(table);
    const int64_t used = table.n_rows() * hidden_size_;
    const int64_t all = rows_.n_rows() * hidden_size_;
    std::fill(hidden_input() + used, hidden_input() + all, 0.0f);
    device_->start_upload(reinterpret_cast<std::byte*>(hidden), hidden_input_.data(),
                          static_cast<size_t>(all) * sizeof(float));
    out->n_generated = rows_.n_generated();
    step_ = table;
    captured_ = captures_ && rows_.capturable() &&
                (outputs_ == nullptr || outputs_->describe(table, 0, table.n_outputs(), rows_.n_generated()));
    if (!captured_) {
      out->mode = StepMode::kEager;
      return;
    }
    const auto known = graphs_.find(rows_.key());
    if (known != graphs_.end()) {
      device_->launch(*known->second);
      out->mode = StepMode::kReplay;
      return;
    }
    device_->begin_capture();
    capturing_ = true;
    out->mode = StepMode::kCapture;
  });
}

void Session::sample_captured(const float* logits) noexcept {
  if (failed()) return;
  qwq_error error = {};
  if (guarded(&error, [&] { outputs_->sample(logits, true, scratch()); }) != QWQ_OK) failure_ = error;
}

// Captured steps take memory that the driver may not have any more; steps can do without.
int32_t Session::launch_captured(qwq_error* error) noexcept {
  return guarded(error, [&] {
    capturing_ = false;
    captures_ = false;
    std::unique_ptr<Graph> graph = device_->end_capture();
    Graph& kept = *(graphs_[rows_.key()] = std::move(graph));
    captures_ = true;
    device_->launch(kept);
  });
}

void Session::abandon_capture() noexcept {
  if (!capturing_) return;
  capturing_ = false;
  device_->abandon_capture();
}

void Session::pace() noexcept {
  if (capturing_ || failed()) return;
  qwq_error error = {};
  const int32_t status = guarded(&error, [&] {
    const int ahead = rows_.n_rows() > kManyRows ? 1 : kLayersAhead;
    device_->mark(paced_ % Device::kMarks);
    ++paced_;
    if (paced_ > ahead) device_->wait_for((paced_ - 1 - ahead) % Device::kMarks);
  });
  if (status != QWQ_OK) failure_ = error;
}

int32_t Session::finish(qwq_error* error) noexcept {
  return guarded(error, [&] { device_->wait(); });
}

int32_t Session::write_outputs(const float* logits, int64_t first, int64_t n, bool* done,
                               qwq_error* error) noexcept {
  return guarded(error, [&] {
    *done = captured_;
    if (!captured_) {
      device_->wait();
      *done = outputs_->describe(step_, first, n, n);
      if (!*done) return;
      outputs_->sample(logits, false, scratch());
    }
    outputs_->take(step_, first, n);
  });
}

int32_t Session::read(float* dst, const float* src, int64_t count, qwq_error* error) noexcept {
  return guarded(error, [&] {
    device_->download(dst, reinterpret_cast<const std::byte*>(src),
                      static_cast<size_t>(count) * sizeof(float));
  });
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
  *error = std::exchange(failure_, {});
  return error->status;
}

}  // namespace qwq::cuda
