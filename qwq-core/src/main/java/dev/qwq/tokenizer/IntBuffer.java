package dev.qwq.tokenizer;

import java.util.Arrays;

/** A growing array of ints. */
final class IntBuffer {
  private int[] values;
  private int size;

  IntBuffer(int capacity) {
    values = new int[Math.max(capacity, 16)];
  }

  void add(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, grown(size));
    }
    values[size++] = value;
  }

  void addAll(int[] source, int from, int count) {
    if (count > values.length - size) {
      values = Arrays.copyOf(values, Math.max(grown(size), Math.addExact(size, count)));
    }
    System.arraycopy(source, from, values, size, count);
    size += count;
  }

  int size() {
    return size;
  }

  int[] toArray(int from) {
    return Arrays.copyOfRange(values, from, size);
  }

  private static int grown(int capacity) {
    return (int) Math.min(Integer.MAX_VALUE - 8L, capacity * 2L);
  }
}
