#pragma once

#include <cstddef>

namespace qwq {

// Zeroed memory straight from the operating system, page-aligned; pages cost nothing until they are touched.
class Pages {
 public:
  Pages() = default;
  // Throws Error(QWQ_OUT_OF_MEMORY) saying how many bytes `what` needs.
  Pages(size_t bytes, const char* what);
  ~Pages();
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&& other) noexcept;
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace qwq
