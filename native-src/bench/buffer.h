#pragma once

#include <cstddef>

namespace qwq::bench {

enum class PageKind { kNormal, kHuge };
inline constexpr PageKind kPageKinds[] = {PageKind::kNormal, PageKind::kHuge};

const char* page_kind_name(PageKind pages);

// Anonymous memory that asks for pages of one kind; a kernel without huge pages gives normal ones.
class Buffer {
 public:
  // Throws std::bad_alloc.
  Buffer(size_t bytes, PageKind pages);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  std::byte* data_;
  size_t bytes_;
};

}  // namespace qwq::bench
