#pragma once

#include <cstddef>
#include <string>

namespace qwq::bench {

// kFile: pages of a mapped file, as the system keeps them in its cache; what weights of a model lie in.
enum class PageKind { kNormal, kHuge, kFile };
inline constexpr PageKind kPageKinds[] = {PageKind::kNormal, PageKind::kHuge, PageKind::kFile};

const char* page_kind_name(PageKind pages);

// Memory of one kind of pages: anonymous memory that asks for it (a kernel without huge pages gives normal
// ones), or a file without a name.
class Buffer {
 public:
  // `folder` is where the file is made, if it is one. Throws std::bad_alloc or std::system_error.
  Buffer(size_t bytes, PageKind pages, const std::string& folder);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  // To be called when all is written: a file goes to its disk now, not while something is measured.
  void settle() const;

 private:
  std::byte* data_ = nullptr;
  size_t bytes_;
  int file_ = -1;
};

}  // namespace qwq::bench
