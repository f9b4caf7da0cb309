#include "runtime/pages.h"

#include <utility>

#include "runtime/error.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <sys/mman.h>
#endif

namespace qwq {

namespace {

#if defined(_WIN32)

void* map_pages(size_t bytes) {
  return VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}
void unmap_pages(void* data, size_t) {
  VirtualFree(data, 0, MEM_RELEASE);
}

#else

void* map_pages(size_t bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return nullptr;
#if defined(MADV_HUGEPAGE)
  // Attention and matmul walk these buffers end to end; a refusal costs speed only.
  madvise(data, bytes, MADV_HUGEPAGE);
#endif
  return data;
}
void unmap_pages(void* data, size_t bytes) {
  munmap(data, bytes);
}

#endif

}  // namespace

Pages::Pages(size_t bytes, const char* what) : bytes_(bytes) {
  if (bytes == 0) return;
  data_ = static_cast<std::byte*>(map_pages(bytes));
  if (data_ == nullptr) {
    fail(QWQ_OUT_OF_MEMORY, "%s: %zu bytes (%.1f GiB) were asked for and not available", what, bytes,
         static_cast<double>(bytes) / (1024.0 * 1024 * 1024));
  }
}

Pages::~Pages() {
  if (data_ != nullptr) unmap_pages(data_, bytes_);
}

Pages::Pages(Pages&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Pages& Pages::operator=(Pages&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace qwq
