package dev.qwq.engine;

import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_cpu_isa;
import dev.qwq.nativelib.ffi.qwq_error;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The backends this machine can run. */
final class Backends {
  private Backends() {}

  /** Names of the cpu backend's instruction sets that this library has and this machine runs. */
  static List<String> cpuIsas() {
    List<String> usable = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment isa = qwq_cpu_isa.allocate(arena);
      MemorySegment error = qwq_error.allocate(arena);
      for (int i = 0; i < Qwq.qwq_cpu_isa_count(); i++) {
        NativeCalls.check(Qwq.qwq_cpu_isa_get(i, isa, error), error);
        if (qwq_cpu_isa.compiled(isa) * qwq_cpu_isa.cpu_has(isa) * qwq_cpu_isa.os_enabled(isa)
            != 0) {
          usable.add(qwq_cpu_isa.name(isa).getString(0));
        }
      }
    }
    return usable;
  }

  /** {@code reference} and the usable instruction sets. */
  static List<String> all() {
    return Stream.concat(Stream.of("reference"), cpuIsas().stream()).toList();
  }

  /** Options with this backend, two threads and a KV block size that tests cross often. */
  static EngineOptions.Builder options(String backend) {
    EngineOptions.Builder options = EngineOptions.builder().threads(2).kvBlockSize(16);
    return backend.equals("reference")
        ? options.backend(BackendKind.REFERENCE)
        : options.backend(BackendKind.CPU).cpuIsa(backend);
  }
}
