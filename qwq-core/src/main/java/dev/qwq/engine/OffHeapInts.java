package dev.qwq.engine;

import dev.qwq.nativelib.ffi.Qwq;
import java.lang.foreign.MemorySegment;

/**
 * A growing array of ints in native memory. It moves when it grows, so native structs take {@link
 * #segment()} anew for each step. Belongs to the thread that creates it.
 */
final class OffHeapInts implements AutoCloseable {
  private static final int LEAST_CAPACITY = 16;

  private OffHeapBuffer buffer = new OffHeapBuffer(Qwq.C_INT, LEAST_CAPACITY);
  private MemorySegment values = buffer.segment();
  private int size;

  int size() {
    return size;
  }

  int get(int index) {
    return values.getAtIndex(Qwq.C_INT, index);
  }

  void set(int index, int value) {
    values.setAtIndex(Qwq.C_INT, index, value);
  }

  void add(int value) {
    if ((long) size * Integer.BYTES == values.byteSize()) {
      grow();
    }
    values.setAtIndex(Qwq.C_INT, size++, value);
  }

  /** Removes and returns the last value. */
  int removeLast() {
    return values.getAtIndex(Qwq.C_INT, --size);
  }

  /** Where the values lie now; valid until the next {@link #add} or {@link #close}. */
  MemorySegment segment() {
    return values;
  }

  private void grow() {
    OffHeapBuffer old = buffer;
    buffer = new OffHeapBuffer(Qwq.C_INT, 2L * size);
    MemorySegment.copy(values, 0, buffer.segment(), 0, values.byteSize());
    values = buffer.segment();
    old.close();
  }

  @Override
  public void close() {
    buffer.close();
  }
}
