package dev.qwq.engine;

import java.util.Arrays;

/**
 * Guesses that what followed the last three tokens before will follow them again. Costs nothing,
 * and is right where a text quotes: code that is edited, documents that are summed up, thinking
 * that repeats the question.
 */
final class PromptLookup implements Drafter {
  private static final int GRAM = 3;

  // Open addressing: a slot holds where the token behind a gram is; 0 = empty. At most half full.
  private int[] slots = new int[256];
  private int used;
  private int indexed = GRAM; // grams that end before this index are in

  @Override
  public int finish(TokenHistory history, int[] into, int most, Patience patience) {
    int size = history.size();
    for (; indexed < size; indexed++) {
      put(history, indexed);
    }
    if (size < GRAM) {
      return 0;
    }
    int from = slots[find(history, size)];
    if (from == 0) {
      return 0;
    }
    for (int i = 0; i < most; i++) {
      // Behind the end what was guessed itself: so a loop is guessed at its full length.
      into[i] = from + i < size ? history.token(from + i) : into[from + i - size];
    }
    return most;
  }

  /** Notes that the gram before {@code index} is followed by the token there. */
  private void put(TokenHistory history, int index) {
    int slot = find(history, index);
    if (slots[slot] == 0) {
      used++;
    }
    slots[slot] = index; // the latest counts
    if (2 * used > slots.length) {
      grow(history);
    }
  }

  private int find(TokenHistory history, int end) {
    int mask = slots.length - 1;
    int hash = 0;
    for (int i = end - GRAM; i < end; i++) {
      hash = hash * 0x01000193 + history.token(i);
    }
    int slot = (hash * 0x9E3779B9) >>> 7 & mask;
    while (slots[slot] != 0 && !sameGram(history, slots[slot], end)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private static boolean sameGram(TokenHistory history, int one, int other) {
    int[] tokens = history.array();
    return Arrays.equals(tokens, one - GRAM, one, tokens, other - GRAM, other);
  }

  private void grow(TokenHistory history) {
    int[] old = slots;
    slots = new int[2 * old.length];
    for (int index : old) {
      if (index != 0) {
        slots[find(history, index)] = index;
      }
    }
  }
}
