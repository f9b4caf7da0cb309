// The simulated device: memory of the host, of which every byte is known to be written or not.
#include "kernels/cuda/device.h"

#include <cstdlib>
#include <cstring>
#include <map>

namespace qwq::cuda {

namespace {

class SimulatedDevice : public Device {
 public:
  std::byte* allocate(size_t bytes, const char* what) override {
    const size_t padded = (bytes + 511) / 256 * 256;
    std::byte* memory = padded < bytes ? nullptr : static_cast<std::byte*>(std::aligned_alloc(256, padded));
    if (memory == nullptr) {
      throw DeviceError{QWQ_OUT_OF_MEMORY, std::string("the simulated device has no ") +
                                               std::to_string(bytes) + " bytes for " + what};
    }
    std::memset(static_cast<void*>(memory), 0xff, padded);  // NaN, should anybody read it
    contents_.emplace(memory, std::make_unique<Scratch>(stream_, memory, bytes));
    return memory;
  }
  void free(std::byte* memory) override {
    contents_.erase(memory);
    std::free(memory);
  }

  void upload(std::byte* dst, const void* src, size_t bytes) override {
    if (bytes == 0) return;
    std::memcpy(dst, src, bytes);
    stream_.mark_written(dst, bytes);
  }
  void download(void* dst, const std::byte* src, size_t bytes) override {
    if (bytes > 0) std::memcpy(dst, src, bytes);
  }
  void copy(std::byte* dst, const std::byte* src, size_t bytes) override { upload(dst, src, bytes); }
  void zero(std::byte* dst, size_t bytes) override {
    std::memset(static_cast<void*>(dst), 0, bytes);
    stream_.mark_written(dst, bytes);
  }
  void wait() override {}

  Stream& stream() override { return stream_; }

 private:
  Stream stream_;
  std::map<std::byte*, std::unique_ptr<Scratch>> contents_;
};

}  // namespace

const char* Device::backend_name() { return "cuda_sim"; }

std::unique_ptr<Device> Device::open(const std::string& name) {
  if (name != "sim") {
    throw DeviceError{QWQ_UNSUPPORTED,
                      "config.cpu_isa: this library simulates the device \"sim\", found \"" + name + "\""};
  }
  return std::make_unique<SimulatedDevice>();
}

}  // namespace qwq::cuda
