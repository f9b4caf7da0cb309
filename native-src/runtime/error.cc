#include "runtime/error.h"

#include <cstdarg>
#include <cstdio>

namespace qwq {

namespace {

std::string formatted(const char* format, va_list args) {
  char text[sizeof(qwq_error::message)];
  std::vsnprintf(text, sizeof(text), format, args);
  return text;
}

}  // namespace

void fail(qwq_status status, const char* format, ...) {
  va_list args;
  va_start(args, format);
  std::string message = formatted(format, args);
  va_end(args);
  throw Error(status, std::move(message));
}

void invalid(const char* format, ...) {
  va_list args;
  va_start(args, format);
  std::string message = formatted(format, args);
  va_end(args);
  throw Error(QWQ_INVALID_ARGUMENT, std::move(message));
}

}  // namespace qwq
