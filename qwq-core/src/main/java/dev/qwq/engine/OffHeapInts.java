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
      growTo(2L * size);
    }
    values.setAtIndex(Qwq.C_INT, size++, value);
  }

  /** Makes this hold what another array does. */
  void assign(OffHeapInts other) {
    size = 0;
    if (other.values.byteSize() > values.byteSize()) {
      growTo(other.values.byteSize() / Integer.BYTES);
    }
    size = other.size;
    MemorySegment.copy(other.values, 0, values, 0, (long) size * Integer.BYTES);
  }

  /** Removes and returns the last value. */
  int removeLast() {
    return values.getAtIndex(Qwq.C_INT, --size);
  }

  /** Where the values lie now; valid until the next {@link #add} or {@link #close}. */
  MemorySegment segment() {
    return values;
  }

  private void growTo(long capacity) {
    OffHeapBuffer old = buffer;
    buffer = new OffHeapBuffer(Qwq.C_INT, capacity);
    MemorySegment.copy(values, 0, buffer.segment(), 0, (long) size * Integer.BYTES);
    values = buffer.segment();
    old.close();
  }

  @Override
  public void close() {
    buffer.close();
  }
}
