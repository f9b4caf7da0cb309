// A GPU, by the CUDA runtime.
#include "kernels/cuda/device.h"

#include <cstdlib>
#include <cstring>

#include "kernels/cuda/device/query.h"

namespace qwq::cuda {

namespace {

void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // or the next launch would be taken for the one that failed
  throw DeviceError{status == cudaErrorMemoryAllocation ? QWQ_OUT_OF_MEMORY : QWQ_INTERNAL,
                    std::string("CUDA: ") + what + ": " + cudaGetErrorString(status)};
}

void check_taken(cudaError_t status, size_t bytes, const char* what) {
  if (status != cudaSuccess) check(status, (std::to_string(bytes) + " bytes for " + what).c_str());
}

class GpuGraph : public Graph {
 public:
  explicit GpuGraph(cudaGraphExec_t handle) : handle_(handle) {}
  ~GpuGraph() override { cudaGraphExecDestroy(handle_); }

  cudaGraphExec_t handle() const { return handle_; }

 private:
  cudaGraphExec_t handle_;
};

class Gpu : public Device {
 public:
  explicit Gpu(int ordinal) : ordinal_(ordinal) {
    select();
    check(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "creating a stream");
    stream_ = std::make_unique<Stream>(handle_, generation_of(ordinal));
    for (cudaEvent_t& mark : marks_) {
      check(cudaEventCreateWithFlags(&mark, cudaEventDisableTiming), "creating an event");
    }
  }
  ~Gpu() override {
    cudaSetDevice(ordinal_);
    cudaStreamSynchronize(handle_);
    for (cudaEvent_t mark : marks_) {
      if (mark != nullptr) cudaEventDestroy(mark);
    }
    cudaStreamDestroy(handle_);
  }

  size_t free_bytes() override {
    select();
    size_t free = 0;
    size_t total = 0;
    check(cudaMemGetInfo(&free, &total), "asking for free memory");
    return free;
  }

  std::byte* allocate(size_t bytes, const char* what) override {
    select();
    void* memory = nullptr;
    // Weights may be read up to the next multiple of 16 bytes.
    check_taken(cudaMalloc(&memory, bytes + 16), bytes, what);
    return static_cast<std::byte*>(memory);
  }
  void free(std::byte* memory) override {
    cudaSetDevice(ordinal_);
    cudaFree(memory);
  }

  std::byte* allocate_host(size_t bytes, const char* what) override {
    select();
    void* memory = nullptr;
    check_taken(cudaMallocHost(&memory, bytes), bytes, what);
    std::memset(memory, 0, bytes);
    return static_cast<std::byte*>(memory);
  }
  void free_host(std::byte* memory) override {
    cudaSetDevice(ordinal_);
    cudaFreeHost(memory);
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
  void start_upload(std::byte* dst, const std::byte* src, size_t bytes) override {
    if (bytes == 0) return;
    select();
    check(cudaMemcpyAsync(dst, src, bytes, cudaMemcpyHostToDevice, handle_), "copying to the device");
  }
  void zero(std::byte* dst, size_t bytes) override {
    select();
    check(cudaMemsetAsync(dst, 0, bytes, handle_), "clearing memory");
  }
  void wait() override {
    select();
    check(stream_->take_status(), "launching a kernel");
    check(cudaStreamSynchronize(handle_), "running kernels");
  }

  void mark(int number) override {
    select();
    check(cudaEventRecord(marks_[number], handle_), "recording an event");
  }
  void wait_for(int number) override {
    select();
    check(stream_->take_status(), "launching a kernel");
    check(cudaEventSynchronize(marks_[number]), "running kernels");
  }

  void begin_capture() override {
    select();
    check(stream_->take_status(), "launching a kernel");
    check(cudaStreamBeginCapture(handle_, cudaStreamCaptureModeThreadLocal), "capturing a step");
    capturing_ = true;
  }
  std::unique_ptr<Graph> end_capture() override {
    cudaGraph_t graph = nullptr;
    capturing_ = false;
    check(cudaStreamEndCapture(handle_, &graph), "capturing a step");
    cudaGraphExec_t executable = nullptr;
    const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
    cudaGraphDestroy(graph);
    check(status, "preparing a captured step");
    return std::make_unique<GpuGraph>(executable);
  }
  void abandon_capture() override {
    if (!capturing_) return;
    capturing_ = false;
    cudaGraph_t graph = nullptr;
    cudaStreamEndCapture(handle_, &graph);
    if (graph != nullptr) cudaGraphDestroy(graph);
    cudaGetLastError();
  }
  void launch(Graph& graph) override {
    select();
    check(cudaGraphLaunch(static_cast<GpuGraph&>(graph).handle(), handle_), "launching a captured step");
  }

  Stream& stream() override { return *stream_; }

 private:
  // The calling thread may have used another device since.
  void select() { check(cudaSetDevice(ordinal_), "choosing the device"); }

  void move(void* dst, const void* src, size_t bytes, cudaMemcpyKind kind, const char* what) {
    if (bytes == 0) return;
    select();
    check(stream_->take_status(), "launching a kernel");
    check(cudaMemcpyAsync(dst, src, bytes, kind, handle_), what);
    check(cudaStreamSynchronize(handle_), what);
  }

  int ordinal_;
  cudaStream_t handle_ = nullptr;
  std::unique_ptr<Stream> stream_;
  cudaEvent_t marks_[kMarks] = {};
  bool capturing_ = false;
};

}  // namespace

const char* Device::backend_name() { return "cuda"; }

std::unique_ptr<Device> Device::open(const std::string& name) {
  const std::string number = name.empty() ? "0" : name;
  qwq_device device = {};
  qwq_error error = {};
  if (query_device(number.c_str(), &device, &error) != QWQ_OK) {
    throw DeviceError{QWQ_UNSUPPORTED, std::string("config.backend: ") + error.message};
  }
  if (device.problem[0] != 0) {
    throw DeviceError{QWQ_UNSUPPORTED,
                      "config.backend: device \"" + number + "\" (" + device.title + "): " + device.problem};
  }
  return std::make_unique<Gpu>(static_cast<int>(std::strtol(number.c_str(), nullptr, 10)));
}

}  // namespace qwq::cuda
