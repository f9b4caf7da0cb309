package dev.qwq.engine;

/**
 * The distinct tokens of prompt and answer and how often each was generated, in native memory, as
 * the sampler's penalties want them. Belongs to the thread that creates it.
 */
final class SeenTokens implements AutoCloseable {
  private final OffHeapInts tokens = new OffHeapInts();
  private final OffHeapInts counts = new OffHeapInts();
  // Open addressing: slot -> index into the two arrays plus 1, 0 = empty. Never more than half
  // full.
  private int[] slots = new int[64];

  /** Notes a token of the prompt. */
  void addPrompt(int token) {
    indexOf(token);
  }

  /** Notes a generated token. */
  void addGenerated(int token) {
    int index = indexOf(token);
    counts.set(index, counts.get(index) + 1);
  }

  /** Makes this hold what another one does. */
  void assign(SeenTokens other) {
    tokens.assign(other.tokens);
    counts.assign(other.counts);
    if (slots.length == other.slots.length) {
      System.arraycopy(other.slots, 0, slots, 0, slots.length);
    } else {
      slots = other.slots.clone();
    }
  }

  OffHeapInts tokens() {
    return tokens;
  }

  OffHeapInts counts() {
    return counts;
  }

  private int indexOf(int token) {
    int slot = find(token);
    if (slots[slot] == 0) {
      tokens.add(token);
      counts.add(0);
      slots[slot] = tokens.size();
      if (2 * tokens.size() > slots.length) {
        rehash();
      }
      return tokens.size() - 1;
    }
    return slots[slot] - 1;
  }

  private int find(int token) {
    int mask = slots.length - 1;
    // Fibonacci hashing: neighbouring ids, which are frequent, go to distant slots.
    int slot = (token * 0x9E3779B9) >>> 7 & mask;
    while (slots[slot] != 0 && tokens.get(slots[slot] - 1) != token) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void rehash() {
    slots = new int[slots.length * 2];
    for (int i = 0; i < tokens.size(); i++) {
      slots[find(tokens.get(i))] = i + 1;
    }
  }

  @Override
  public void close() {
    tokens.close();
    counts.close();
  }
}
