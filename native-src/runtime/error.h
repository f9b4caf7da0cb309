#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include "qwq.h"

namespace qwq {

// What the layers below the C ABI throw; capi turns it into a status and a qwq_error.
class Error : public std::exception {
 public:
  Error(qwq_status status, std::string message) : status_(status), message_(std::move(message)) {}

  qwq_status status() const { return status_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  qwq_status status_;
  std::string message_;
};

// Throws Error with a printf-style message.
[[noreturn]] void fail(qwq_status status, const char* format, ...) __attribute__((format(printf, 2, 3)));

// fail(QWQ_INVALID_ARGUMENT, ...)
[[noreturn]] void invalid(const char* format, ...) __attribute__((format(printf, 1, 2)));

// Throws Error with what a library that does not throw says.
inline void require_ok(int32_t status, const qwq_error& error) {
  if (status != QWQ_OK) throw Error(static_cast<qwq_status>(status), error.message);
}

}  // namespace qwq
