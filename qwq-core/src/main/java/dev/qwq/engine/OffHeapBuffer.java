package dev.qwq.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;

/** Native memory of a fixed size, zeroed. Belongs to the thread that creates it. */
final class OffHeapBuffer implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment segment;

  OffHeapBuffer(MemoryLayout element, long count) {
    segment = arena.allocate(element, count);
  }

  MemorySegment segment() {
    return segment;
  }

  @Override
  public void close() {
    arena.close();
  }
}
