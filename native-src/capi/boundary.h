// Nothing leaves the C ABI but a status and a message.
#pragma once

#include <cstdint>

#include "qwq.h"

namespace qwq {

// Fills `error` (may be null) and returns `status`. The message is cut to fit, and bytes that are not
// printable ASCII are replaced, so that it is always valid UTF-8.
int32_t report(qwq_error* error, qwq_status status, const char* message) noexcept;

// Reports the exception being handled. Call it in a catch block only.
int32_t report_current_exception(qwq_error* error) noexcept;

// Throws Error(QWQ_INVALID_ARGUMENT) "`name` is NULL".
void require_not_null(const void* pointer, const char* name);

// Runs the body of a fallible function of the C ABI.
template <typename Body>
int32_t guarded(qwq_error* error, Body&& body) noexcept {
  try {
    body();
    return QWQ_OK;
  } catch (...) {
    return report_current_exception(error);
  }
}

}  // namespace qwq
