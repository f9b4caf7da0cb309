// What the CUDA backend keeps for an engine.
#pragma once

#include <memory>
#include <unordered_map>

#include "kernels/cuda/device.h"
#include "kernels/cuda/ops.h"
#include "kernels/cuda/step_outputs.h"
#include "kernels/cuda/step_rows.h"
#include "kernels/cuda/weight_store.h"

namespace qwq::cuda {

class Session : public BackendSession {
 public:
  // Takes all memory and copies the weights. Throws DeviceError.
  explicit Session(const SessionArgs& args);
  ~Session() override;

  // What sessions take of a device beside weights, KV cache and activations.
  static size_t scratch_bytes(const OpLimits& limits);
  // What they take of the host's memory.
  static size_t host_bytes(const OpLimits& limits);

  std::byte* kv_base() noexcept override { return kv_.data(); }
  std::byte* activations() noexcept override { return activations_.data(); }
  const int32_t* positions() noexcept override { return rows_.positions(); }
  const int32_t* output_rows() noexcept override { return rows_.output_rows(); }
  float* hidden_input() noexcept override { return reinterpret_cast<float*>(hidden_input_.data()); }

  int32_t begin_step(const StepTable& table, float* hidden, StepStart* out,
                     qwq_error* error) noexcept override;
  void sample_captured(const float* logits) noexcept override;
  int32_t launch_captured(qwq_error* error) noexcept override;
  void abandon_capture() noexcept override;
  void pace() noexcept override;
  int32_t write_outputs(const float* logits, int64_t first, int64_t n, bool* done,
                        qwq_error* error) noexcept override;
  int32_t finish(qwq_error* error) noexcept override;
  int32_t read(float* dst, const float* src, int64_t count, qwq_error* error) noexcept override;

  int32_t copy_kv(size_t to, size_t from, size_t bytes, qwq_error* error) noexcept override;
  int32_t read_kv(void* dst, size_t offset, size_t bytes, qwq_error* error) noexcept override;
  int32_t write_kv(size_t offset, const void* src, size_t bytes, qwq_error* error) noexcept override;
  int32_t take_failure(qwq_error* error) noexcept override;

  // For the operators.
  Stream& stream() { return device_->stream(); }
  const WeightStore& weights() const { return weights_; }
  const StepRows& rows() const { return rows_; }
  std::byte* scratch() const { return scratch_.data(); }

  bool failed() const { return failure_.status != QWQ_OK; }
  void note(const DeviceError& failure) noexcept { failure_ = failure.error; }

 private:
  static void require_supported(const OpLimits& limits);
  void require_room(const SessionArgs& args);
  template <typename Body>
  int32_t guarded(qwq_error* error, Body&& body) noexcept;

  std::unique_ptr<Device> device_;
  WeightStore weights_;
  StepRows rows_;
  std::unique_ptr<StepOutputs> outputs_;  // null where no logits are computed
  HostMemory hidden_input_;
  int64_t hidden_size_;
  DeviceMemory kv_;
  DeviceMemory activations_;
  DeviceMemory scratch_;  // of one operator

  std::unordered_map<uint64_t, std::unique_ptr<Graph>> graphs_;  // by StepRows::key
  StepTable step_ = {};
  bool captures_ = true;   // steps, as far as they can be
  bool captured_ = false;  // the step
  bool capturing_ = false;
  int paced_ = 0;  // layers of the step
  qwq_error failure_ = {};
};

}  // namespace qwq::cuda
