package dev.qwq.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.nativelib.NativeLibrary;
import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_dtype_info;
import dev.qwq.nativelib.ffi.qwq_error;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DTypeTest {
  @BeforeAll
  static void loadLibrary() {
    NativeLibrary.load();
  }

  /** The native library knows the runnable formats, by the same name and size, and no others. */
  @ParameterizedTest
  @EnumSource(DType.class)
  void runnableFormatsAreThoseOfTheNativeLibrary(DType dtype) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(qwq_dtype_info.layout());
      MemorySegment error = arena.allocate(qwq_error.layout());
      int status = Qwq.qwq_dtype_get(dtype.id(), info, error);
      assertThat(status == Qwq.QWQ_OK()).isEqualTo(dtype.isRunnable());
      if (dtype.isRunnable()) {
        assertThat(qwq_dtype_info.name(info).getString(0)).isEqualTo(dtype.name());
        assertThat(qwq_dtype_info.block_elements(info)).isEqualTo(dtype.blockElements());
        assertThat(qwq_dtype_info.block_bytes(info)).isEqualTo(dtype.blockBytes());
      } else {
        assertThat(status).isEqualTo(Qwq.QWQ_UNSUPPORTED());
      }
    }
  }

  @Test
  void idsNameOneFormatEach() {
    Set<Integer> ids = new HashSet<>();
    for (DType dtype : DType.values()) {
      if (dtype.id() >= 0) {
        assertThat(ids.add(dtype.id())).as("%s", dtype).isTrue();
        assertThat(DType.ofId(dtype.id())).contains(dtype);
      }
    }
    assertThat(DType.ofId(-1)).isEmpty();
    assertThat(DType.ofId(4)).isEmpty();
    assertThat(DType.runnable()).doesNotHaveDuplicates();
  }
}
