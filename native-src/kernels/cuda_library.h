// The libraries with CUDA kernels: libqwq_cuda for GPUs, libqwq_cuda_sim for the simulated device. They lie
// beside the library this is in.
#pragma once

#include <string>

namespace qwq {

// A library that was looked for. Once opened it stays open, since engines use its code.
class CudaLibrary {
 public:
  // The library that has the device of this name: for "sim" and "sim:..." the simulator's.
  static CudaLibrary open_for(const std::string& device);

  // Where it was looked for.
  const std::string& path() const { return path_; }

  // Why it cannot be used, as the operating system says; empty if it can be.
  const std::string& problem() const { return problem_; }

  // The table that the function `symbol` returns for this version; null if it has none, or of another
  // version.
  template <typename Table>
  const Table* table(const char* symbol) const {
    return static_cast<const Table*>(find(symbol));
  }

 private:
  const void* find(const char* symbol) const;

  std::string path_;
  std::string problem_;
  void* handle_ = nullptr;
};

}  // namespace qwq
