package dev.qwq.tokenizer;

import java.util.Arrays;

/** What two adjacent tokens merge to: an open-addressing table of primitives. */
final class PairTable {
  /** No such merge. Larger than every real value, so that it loses every comparison of ranks. */
  static final long NONE = Long.MAX_VALUE;

  private static final long EMPTY = -1; // no pair of ids has the sign bit

  private final long[] keys;
  private final long[] values;
  private final int mask;

  PairTable(int pairs) {
    int capacity = Integer.highestOneBit(Math.max(8, pairs)) << 2; // load between 1/4 and 1/2
    keys = new long[capacity];
    values = new long[capacity];
    mask = capacity - 1;
    Arrays.fill(keys, EMPTY);
  }

  void put(int left, int right, int rank, int merged) {
    long key = key(left, right);
    int slot = slot(key);
    while (keys[slot] != EMPTY && keys[slot] != key) {
      slot = slot + 1 & mask;
    }
    keys[slot] = key;
    values[slot] = (long) rank << 32 | merged;
  }

  /** Returns {@code rank << 32 | merged id}, or {@link #NONE}. */
  long get(int left, int right) {
    long key = key(left, right);
    int slot = slot(key);
    while (true) {
      long found = keys[slot];
      if (found == key) {
        return values[slot];
      }
      if (found == EMPTY) {
        return NONE;
      }
      slot = slot + 1 & mask;
    }
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  private int slot(long key) {
    // Fibonacci hashing: the high bits of the product are well mixed.
    return (int) (key * 0x9E3779B97F4A7C15L >>> 40) & mask;
  }
}
