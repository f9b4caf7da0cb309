package dev.qwq.tokenizer;

/**
 * Remembers the ids of words seen before, up to a fixed number of them; a word may push out
 * another.
 *
 * <p>Threads share it without locks: an entry is immutable, and a slot holds one or another of
 * them.
 */
final class WordCache {
  static final int MAX_WORD = 48;
  private static final int SLOTS = 1 << 14;

  private record Entry(String word, int[] ids) {}

  private final Entry[] slots = new Entry[SLOTS];

  /** Appends the ids of the word at {@code [from, to)} to {@code out}, if they are known. */
  boolean find(String text, int from, int to, IntBuffer out) {
    Entry entry = slots[slot(text, from, to)];
    if (entry == null
        || entry.word.length() != to - from
        || !text.regionMatches(from, entry.word, 0, to - from)) {
      return false;
    }
    out.addAll(entry.ids, 0, entry.ids.length);
    return true;
  }

  void put(String text, int from, int to, int[] ids) {
    slots[slot(text, from, to)] = new Entry(text.substring(from, to), ids);
  }

  private static int slot(String text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text.charAt(i);
    }
    return (hash ^ hash >>> 16) * 0x9E3779B9 >>> 32 - 14;
  }
}
