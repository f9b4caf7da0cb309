package dev.qwq.tokenizer;

/**
 * Remembers the ids of words seen before, up to a fixed number of them; a word may push out
 * another. A word is taken in when it comes for the second time, so that those that come once cost
 * no memory and push out nobody.
 *
 * <p>Threads share it without locks: an entry is immutable, and a slot holds one or another of
 * them.
 */
final class WordCache {
  static final int MAX_WORD = 48;

  private static final int SLOT_BITS = 14;

  private record Entry(String word, int[] ids) {}

  private final Entry[] slots = new Entry[1 << SLOT_BITS];
  private final int[] seenOnce = new int[1 << SLOT_BITS]; // hashes; a wrong one does no harm

  /** Returns what the other methods want to know of the word at {@code [from, to)}. */
  static int hash(String text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text.charAt(i);
    }
    return (hash ^ hash >>> 16) * 0x9E3779B9;
  }

  /** Appends the ids of the word at {@code [from, to)} to {@code out}, if they are known. */
  boolean find(int hash, String text, int from, int to, IntBuffer out) {
    Entry entry = slots[slot(hash)];
    if (entry == null
        || entry.word.length() != to - from
        || !text.regionMatches(from, entry.word, 0, to - from)) {
      return false;
    }
    out.addAll(entry.ids, 0, entry.ids.length);
    return true;
  }

  /** Takes note of a word that was not found; its ids are those of {@code out} from one on. */
  void offer(int hash, String text, int from, int to, IntBuffer out, int firstId) {
    int slot = slot(hash);
    if (seenOnce[slot] == hash) {
      slots[slot] = new Entry(text.substring(from, to), out.toArray(firstId));
    } else {
      seenOnce[slot] = hash;
    }
  }

  private static int slot(int hash) {
    return hash >>> Integer.SIZE - SLOT_BITS;
  }
}
