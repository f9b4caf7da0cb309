#include "capi/boundary.h"

#include <exception>
#include <new>
#include <system_error>

#include "runtime/error.h"

namespace qwq {

int32_t report(qwq_error* error, qwq_status status, const char* message) noexcept {
  if (error != nullptr) {
    error->status = status;
    size_t i = 0;
    for (; i + 1 < sizeof(error->message) && message[i] != 0; ++i) {
      error->message[i] = message[i] >= ' ' && message[i] <= '~' ? message[i] : '?';
    }
    error->message[i] = 0;
  }
  return status;
}

int32_t report_current_exception(qwq_error* error) noexcept {
  try {
    throw;
  } catch (const Error& e) {
    return report(error, e.status(), e.what());
  } catch (const std::bad_alloc&) {
    return report(error, QWQ_OUT_OF_MEMORY, "the C++ heap is exhausted");
  } catch (const std::system_error& e) {
    return report(error, QWQ_OUT_OF_MEMORY, e.what());  // only ThreadPool throws it: no thread to be had
  } catch (const std::exception& e) {
    return report(error, QWQ_INTERNAL, e.what());
  } catch (...) {
    return report(error, QWQ_INTERNAL, "an exception of unknown type");
  }
}

void require_not_null(const void* pointer, const char* name) {
  if (pointer == nullptr) invalid("%s is NULL", name);
}

}  // namespace qwq
