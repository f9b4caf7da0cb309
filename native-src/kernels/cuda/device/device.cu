// A GPU, by the CUDA runtime.
#include "kernels/cuda/device.h"

#include <cstdlib>

namespace qwq::cuda {

namespace {

void check(cudaError_t status, const std::string& what) {
  if (status == cudaSuccess) return;
  throw DeviceError{status == cudaErrorMemoryAllocation ? QWQ_OUT_OF_MEMORY : QWQ_INTERNAL,
                    "CUDA: " + what + ": " + cudaGetErrorString(status)};
}

class Gpu : public Device {
 public:
  explicit Gpu(int ordinal) : ordinal_(ordinal) {
    select();
    check(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "creating a stream");
    stream_ = std::make_unique<Stream>(handle_);
  }
  ~Gpu() override {
    cudaSetDevice(ordinal_);
    cudaStreamSynchronize(handle_);
    cudaStreamDestroy(handle_);
  }

  std::byte* allocate(size_t bytes, const char* what) override {
    select();
    void* memory = nullptr;
    // Weights may be read up to the next multiple of 16 bytes.
    check(cudaMalloc(&memory, bytes + 16), std::to_string(bytes) + " bytes for " + what);
    return static_cast<std::byte*>(memory);
  }
  void free(std::byte* memory) override {
    cudaSetDevice(ordinal_);
    cudaFree(memory);
  }

  void upload(std::byte* dst, const void* src, size_t bytes) override {
    move(dst, src, bytes, cudaMemcpyHostToDevice, "copying to the device");
  }
  void download(void* dst, const std::byte* src, size_t bytes) override {
    move(dst, src, bytes, cudaMemcpyDeviceToHost, "copying from the device");
  }
  void copy(std::byte* dst, const std::byte* src, size_t bytes) override {
    move(dst, src, bytes, cudaMemcpyDeviceToDevice, "copying on the device");
  }
  void zero(std::byte* dst, size_t bytes) override {
    select();
    check(cudaMemsetAsync(dst, 0, bytes, handle_), "clearing memory");
  }
  void wait() override {
    select();
    check(stream_->status(), "launching a kernel");
    check(cudaStreamSynchronize(handle_), "running kernels");
  }

  Stream& stream() override { return *stream_; }

 private:
  // The calling thread may have used another device since.
  void select() { check(cudaSetDevice(ordinal_), "choosing device " + std::to_string(ordinal_)); }

  void move(void* dst, const void* src, size_t bytes, cudaMemcpyKind kind, const char* what) {
    if (bytes == 0) return;
    select();
    check(stream_->status(), "launching a kernel");
    check(cudaMemcpyAsync(dst, src, bytes, kind, handle_), what);
    check(cudaStreamSynchronize(handle_), what);
  }

  int ordinal_;
  cudaStream_t handle_ = nullptr;
  std::unique_ptr<Stream> stream_;
};

}  // namespace

const char* Device::backend_name() { return "cuda"; }

std::unique_ptr<Device> Device::open(const std::string& name) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess || count == 0) {
    throw DeviceError{QWQ_UNSUPPORTED,
                      std::string("config.backend: no CUDA device: ") +
                          (status != cudaSuccess ? cudaGetErrorString(status) : "the driver knows none")};
  }
  char* end = nullptr;
  const long ordinal = name.empty() ? 0 : std::strtol(name.c_str(), &end, 10);
  if ((end != nullptr && *end != 0) || ordinal < 0 || ordinal >= count) {
    throw DeviceError{QWQ_UNSUPPORTED, "config.cpu_isa: expected a device from 0 to " +
                                           std::to_string(count - 1) + ", found \"" + name + "\""};
  }
  return std::make_unique<Gpu>(static_cast<int>(ordinal));
}

}  // namespace qwq::cuda
