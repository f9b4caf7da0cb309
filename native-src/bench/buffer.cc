#include "bench/buffer.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace qwq::bench {
namespace {

int nameless_file(const std::string& folder, size_t bytes) {
  std::string name = folder + "/kernel_bench.XXXXXX";
  const int file = mkstemp(name.data());
  if (file < 0) throw std::system_error(errno, std::generic_category(), name);
  unlink(name.c_str());
  if (ftruncate(file, static_cast<off_t>(bytes)) != 0) {
    const int error = errno;
    close(file);
    throw std::system_error(error, std::generic_category(), name);
  }
  return file;
}

}  // namespace

const char* page_kind_name(PageKind pages) {
  switch (pages) {
    case PageKind::kHuge:
      return "huge";
    case PageKind::kFile:
      return "file";
    default:
      return "normal";
  }
}

Buffer::Buffer(size_t bytes, PageKind pages, const std::string& folder) : bytes_(bytes) {
  const bool mapped = pages == PageKind::kFile;
  if (mapped) file_ = nameless_file(folder, bytes);
  const int flags = mapped ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, file_, 0);
  if (data == MAP_FAILED) {
    if (mapped) close(file_);
    throw std::bad_alloc();
  }
#if defined(MADV_HUGEPAGE)
  if (!mapped) madvise(data, bytes, pages == PageKind::kHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#endif
  data_ = static_cast<std::byte*>(data);
}

Buffer::~Buffer() {
  munmap(data_, bytes_);
  if (file_ >= 0) close(file_);
}

void Buffer::settle() const {
  if (file_ >= 0 && fsync(file_) != 0) throw std::system_error(errno, std::generic_category(), "fsync");
}

}  // namespace qwq::bench
