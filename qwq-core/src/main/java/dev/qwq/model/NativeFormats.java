package dev.qwq.model;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.nativelib.NativeLibrary;
import dev.qwq.nativelib.NativeLibraryException;
import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_error;
import dev.qwq.weights.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The native library's conversions between floats and formats. Thread-safe. */
final class NativeFormats {
  private NativeFormats() {}

  /** Loads the library, so that its absence is told before any work is done. */
  static void load() {
    try {
      NativeLibrary.load();
    } catch (NativeLibraryException e) {
      throw new QwqException(ErrorCode.NATIVE_LIBRARY, String.valueOf(e.getMessage()), e);
    }
  }

  /** Encodes rows of floats; {@code target} has exactly the size of the result. */
  static void quantize(
      DType dtype, MemorySegment floats, long rows, long cols, MemorySegment target) {
    call(
        error ->
            Qwq.qwq_quantize(dtype.id(), floats, rows, cols, target, target.byteSize(), error));
  }

  /** Decodes rows into floats. */
  static void dequantize(
      DType dtype, MemorySegment source, long rows, long cols, MemorySegment floats) {
    call(
        error ->
            Qwq.qwq_dequantize(dtype.id(), source, source.byteSize(), rows, cols, floats, error));
  }

  /** Fills {@code floats} with values {@code offset, offset + 1, …} of the stream of a seed. */
  static void fillNormal(
      long seed, long offset, float deviation, MemorySegment floats, long count) {
    call(error -> Qwq.qwq_fill_normal(seed, offset, deviation, floats, count, error));
  }

  @FunctionalInterface
  private interface Call {
    int invoke(MemorySegment error);
  }

  private static void call(Call call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(qwq_error.layout());
      int status = call.invoke(error);
      if (status != Qwq.QWQ_OK()) {
        String message = qwq_error.message(error).getString(0);
        throw new QwqException(
            status == Qwq.QWQ_OUT_OF_MEMORY() ? ErrorCode.OUT_OF_MEMORY : ErrorCode.INTERNAL,
            "native library: " + message);
      }
    }
  }
}
