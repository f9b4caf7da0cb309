package dev.qwq.nativelib;

import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_cuda;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Prints where the CUDA kernels were looked for, and why they cannot be used, a line each. */
final class AskForCuda {
  private AskForCuda() {}

  public static void main(String[] args) {
    NativeLibrary.load();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cuda = qwq_cuda.allocate(arena);
      Qwq.qwq_cuda_get(cuda, MemorySegment.NULL);
      System.out.println(qwq_cuda.library(cuda).getString(0));
      System.out.println(qwq_cuda.problem(cuda).getString(0));
    }
  }
}
