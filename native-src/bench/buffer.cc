#include "bench/buffer.h"

#include <sys/mman.h>

#include <new>

namespace qwq::bench {

const char* page_kind_name(PageKind pages) { return pages == PageKind::kHuge ? "huge" : "normal"; }

Buffer::Buffer(size_t bytes, PageKind pages) : bytes_(bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  madvise(data, bytes, pages == PageKind::kHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#endif
  data_ = static_cast<std::byte*>(data);
}

Buffer::~Buffer() { munmap(data_, bytes_); }

}  // namespace qwq::bench
