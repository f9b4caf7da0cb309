package dev.qwq.tokenizer;

import java.util.Arrays;

/**
 * The rank of each pair of tokens that merge: an open-addressing table with left id, right id and
 * rank of an entry in one long. It is what encoding spends its time in, waiting for memory, so that
 * its size counts: 2 MB for Qwen's 151,387 merges.
 */
final class PairTable {
  /** No such merge. Larger than every rank, so that it loses every comparison. */
  static final int NONE = Integer.MAX_VALUE;

  private static final int FIELD_BITS = 21;

  /** One more than the largest id and the largest rank an entry has room for. */
  static final int LIMIT = 1 << FIELD_BITS;

  private static final long EMPTY = -1; // no entry has the sign bit

  private final long[] entries;
  private final int mask;
  private final int shift;

  PairTable(int pairs) {
    // Load between 0.3 and 0.6.
    int bits = Math.max(3, Integer.SIZE - Integer.numberOfLeadingZeros(pairs + pairs / 2));
    entries = new long[1 << bits];
    mask = entries.length - 1;
    shift = Long.SIZE - bits;
    Arrays.fill(entries, EMPTY);
  }

  /** Adds a pair, or ranks it anew. */
  void put(int left, int right, int rank) {
    long key = key(left, right);
    int slot = slot(key);
    while (entries[slot] != EMPTY && entries[slot] >>> FIELD_BITS != key) {
      slot = slot + 1 & mask;
    }
    entries[slot] = key << FIELD_BITS | rank;
  }

  /** Returns the rank of a pair, or {@link #NONE}. */
  int rank(int left, int right) {
    long key = key(left, right);
    int slot = slot(key);
    while (true) {
      long found = entries[slot];
      if (found >>> FIELD_BITS == key) {
        return (int) found & LIMIT - 1;
      }
      if (found == EMPTY) {
        return NONE;
      }
      slot = slot + 1 & mask;
    }
  }

  private static long key(int left, int right) {
    return (long) left << FIELD_BITS | right;
  }

  private int slot(long key) {
    // Fibonacci hashing: the high bits of the product are well mixed.
    return (int) (key * 0x9E3779B97F4A7C15L >>> shift);
  }
}
