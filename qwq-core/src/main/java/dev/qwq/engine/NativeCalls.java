package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.nativelib.NativeLibrary;
import dev.qwq.nativelib.NativeLibraryException;
import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_error;
import java.lang.foreign.MemorySegment;

/** Loads the native library; what its status codes mean here. */
final class NativeCalls {
  private NativeCalls() {}

  /**
   * Loads the library, the first time.
   *
   * @throws QwqException with {@code NATIVE_LIBRARY} and every place tried
   */
  static void loadLibrary() {
    try {
      NativeLibrary.load();
    } catch (NativeLibraryException e) {
      throw new QwqException(ErrorCode.NATIVE_LIBRARY, String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Returns if a call succeeded.
   *
   * @throws QwqException with the library's message if it did not
   */
  static void check(int status, MemorySegment error) {
    if (status != Qwq.QWQ_OK()) {
      throw failure(status, error);
    }
  }

  static QwqException failure(int status, MemorySegment error) {
    String message = qwq_error.message(error).getString(0);
    return new QwqException(
        codeOf(status), message.isEmpty() ? "native call failed with status " + status : message);
  }

  private static ErrorCode codeOf(int status) {
    if (status == Qwq.QWQ_INVALID_ARGUMENT()) {
      return ErrorCode.INVALID_ARGUMENT;
    } else if (status == Qwq.QWQ_UNSUPPORTED()) {
      return ErrorCode.UNSUPPORTED_BACKEND;
    } else if (status == Qwq.QWQ_OUT_OF_MEMORY()) {
      return ErrorCode.OUT_OF_MEMORY;
    } else if (status == Qwq.QWQ_WEIGHTS_DAMAGED()) {
      return ErrorCode.WEIGHTS_DAMAGED;
    } else {
      return ErrorCode.INTERNAL;
    }
  }
}
