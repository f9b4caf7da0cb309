// A device's memory and its stream: sim/device.cc for the simulator, device/device.cu for GPUs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kernels/cuda/simt.h"
#include "qwq.h"

namespace qwq::cuda {

// What goes wrong on a device. Copying it cannot fail.
struct DeviceError {
  DeviceError(qwq_status status, std::string_view message) {
    error.status = status;
    error.message[message.copy(error.message, sizeof(error.message) - 1)] = 0;
  }

  qwq_error error = {};
};

// Launches that were captured, to be launched together.
class Graph {
 public:
  virtual ~Graph() = default;
};

// Used by one thread at a time. Everything throws DeviceError.
class Device {
 public:
  // Of the library: "cuda" or "cuda_sim".
  static const char* backend_name();
  // `name` as in qwq_engine_config.
  static std::unique_ptr<Device> open(const std::string& name);
  virtual ~Device() = default;

  // Of the device's memory, now.
  virtual size_t free_bytes() = 0;

  // Aligned to 256 bytes, readable up to the next multiple of 16 after its end. `what` it is for, in errors.
  virtual std::byte* allocate(size_t bytes, const char* what) = 0;
  virtual void free(std::byte* memory) = 0;

  // The host's memory that the device copies from by itself, zeroed.
  virtual std::byte* allocate_host(size_t bytes, const char* what) = 0;
  virtual void free_host(std::byte* memory) = 0;

  // After what was launched before; the host's memory may be used again when they return.
  virtual void upload(std::byte* dst, const void* src, size_t bytes) = 0;
  virtual void download(void* dst, const std::byte* src, size_t bytes) = 0;
  virtual void copy(std::byte* dst, const std::byte* src, size_t bytes) = 0;

  // The same order, but `src`, from allocate_host, must stay as it is until a later mark or everything is
  // waited for.
  virtual void start_upload(std::byte* dst, const std::byte* src, size_t bytes) = 0;
  virtual void zero(std::byte* dst, size_t bytes) = 0;

  // Waits for everything launched.
  virtual void wait() = 0;

  // Marks a moment in what was launched, and waits for the one that was marked last with this number,
  // 0 .. kMarks - 1, if any was.
  static constexpr int kMarks = 4;
  virtual void mark(int number) = 0;
  virtual void wait_for(int number) = 0;

  // Between begin and end, launches are captured instead of being done. No copies in between, no waiting.
  virtual void begin_capture() = 0;
  virtual std::unique_ptr<Graph> end_capture() = 0;
  virtual void abandon_capture() = 0;
  virtual void launch(Graph& graph) = 0;

  virtual Stream& stream() = 0;
};

// Memory of a device that is freed with this.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(Device& device, size_t bytes, const char* what)
      : device_(&device), data_(device.allocate(bytes, what)), bytes_(bytes) {}
  ~DeviceMemory() { reset(); }
  DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    reset();
    device_ = std::exchange(other.device_, nullptr);
    data_ = std::exchange(other.data_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  void reset() {
    if (device_ != nullptr) device_->free(data_);
    device_ = nullptr;
  }

  Device* device_ = nullptr;
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
};

// The host's memory for copies to a device, freed with this.
class HostMemory {
 public:
  HostMemory(Device& device, size_t bytes, const char* what)
      : device_(device), data_(device.allocate_host(bytes, what)), bytes_(bytes) {}
  ~HostMemory() { device_.free_host(data_); }
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  Device& device_;
  std::byte* data_;
  size_t bytes_;
};

}  // namespace qwq::cuda
