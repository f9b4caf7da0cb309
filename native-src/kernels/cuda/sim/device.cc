// The simulated device: memory of the host, of which every byte is known to be written or not.
#include "kernels/cuda/device.h"

#include <cstdlib>
#include <cstring>
#include <map>

#include "kernels/cuda/sim/name.h"

namespace qwq::cuda {

namespace {

struct Contents {
  std::unique_ptr<Scratch> written;
  size_t bytes;
};

struct SimulatedGraph : Graph {
  Recording recording;
};

class SimulatedDevice : public Device {
 public:
  explicit SimulatedDevice(size_t bytes) : free_(bytes) {}

  size_t free_bytes() override { return free_; }

  std::byte* allocate(size_t bytes, const char* what) override {
    const size_t padded = (bytes + 511) / 256 * 256;
    std::byte* memory =
        padded < bytes || padded > free_ ? nullptr : static_cast<std::byte*>(std::aligned_alloc(256, padded));
    if (memory == nullptr) {
      throw DeviceError{QWQ_OUT_OF_MEMORY, std::string("the simulated device has no ") +
                                               std::to_string(bytes) + " bytes for " + what};
    }
    std::memset(static_cast<void*>(memory), 0xff, padded);  // NaN, should anybody read it
    contents_.emplace(memory, Contents{std::make_unique<Scratch>(stream_, memory, bytes), padded});
    free_ -= padded;
    return memory;
  }
  void free(std::byte* memory) override {
    const auto it = contents_.find(memory);
    free_ += it->second.bytes;
    contents_.erase(it);
    std::free(memory);
  }

  std::byte* allocate_host(size_t bytes, const char* what) override {
    void* memory = std::calloc(bytes, 1);
    if (memory == nullptr) {
      throw DeviceError{QWQ_OUT_OF_MEMORY, "no " + std::to_string(bytes) + " bytes for " + what};
    }
    return static_cast<std::byte*>(memory);
  }
  void free_host(std::byte* memory) override { std::free(memory); }

  void upload(std::byte* dst, const void* src, size_t bytes) override {
    require_no_capture();
    if (bytes == 0) return;
    std::memcpy(dst, src, bytes);
    stream_.mark_written(dst, bytes);
  }
  void download(void* dst, const std::byte* src, size_t bytes) override {
    require_no_capture();
    if (bytes > 0) std::memcpy(dst, src, bytes);
  }
  void copy(std::byte* dst, const std::byte* src, size_t bytes) override { upload(dst, src, bytes); }
  void start_upload(std::byte* dst, const std::byte* src, size_t bytes) override { upload(dst, src, bytes); }
  void zero(std::byte* dst, size_t bytes) override {
    require_no_capture();
    std::memset(static_cast<void*>(dst), 0, bytes);
    stream_.mark_written(dst, bytes);
  }
  void wait() override { require_no_capture(); }
  void mark(int) override { require_no_capture(); }
  void wait_for(int) override { require_no_capture(); }

  void begin_capture() override {
    require_no_capture();
    graph_ = std::make_unique<SimulatedGraph>();
    stream_.record(&graph_->recording);
  }
  std::unique_ptr<Graph> end_capture() override {
    stream_.record(nullptr);
    return std::move(graph_);
  }
  void abandon_capture() override {
    stream_.record(nullptr);
    graph_.reset();
  }
  void launch(Graph& graph) override {
    require_no_capture();
    for (const auto& launch : static_cast<SimulatedGraph&>(graph).recording) launch();
  }

  Stream& stream() override { return stream_; }

 private:
  void require_no_capture() const {
    if (stream_.recording()) throw DeviceError{QWQ_INTERNAL, "the simulated device is capturing"};
  }

  Stream stream_;
  std::map<std::byte*, Contents> contents_;
  size_t free_;
  std::unique_ptr<SimulatedGraph> graph_;
};

}  // namespace

const char* Device::backend_name() { return "cuda_sim"; }

std::unique_ptr<Device> Device::open(const std::string& name) {
  const std::optional<size_t> bytes = simulated_memory(name);
  if (!bytes) {
    throw DeviceError{QWQ_UNSUPPORTED,
                      "config.backend: this library simulates \"sim\" or, with so much "
                      "memory, \"sim:12GiB\"; found \"" +
                          name + "\""};
  }
  return std::make_unique<SimulatedDevice>(*bytes);
}

}  // namespace qwq::cuda
