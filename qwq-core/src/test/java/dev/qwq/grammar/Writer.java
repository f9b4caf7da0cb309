package dev.qwq.grammar;

import dev.qwq.engine.TokenMask;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * A model without a mind: draws tokens at random from what a mask allows, and after a while takes
 * those that bring the text to an end soonest.
 */
final class Writer {
  private final TokenTrie trie;
  private final int endToken;
  private final Random random;
  private final Map<Dfa, int[]> distances = new HashMap<>();

  Writer(TokenTrie trie, int endToken, Random random) {
    this.trie = trie;
    this.endToken = endToken;
    this.random = random;
  }

  /** Writes a text; fails if a place in it has no way on. */
  String write(Grammar grammar, int drawn) {
    TokenMask mask = new Stage.Constrained(grammar, new int[] {endToken}, null).begin();
    Positions at = grammar.start();
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (int step = 0; step < drawn + 5_000; step++) {
      int[] allowed = words(mask);
      int token = step < drawn ? draw(allowed) : nearest(allowed, at);
      if (token == endToken) {
        return text.toString(StandardCharsets.UTF_8);
      }
      text.writeBytes(trie.bytes(token));
      at = at.next(trie.bytes(token));
      mask = mask.after(token);
    }
    throw new AssertionError("no end of " + text.toString(StandardCharsets.UTF_8));
  }

  private int draw(int[] mask) {
    int count = 0;
    for (int word : mask) {
      count += Integer.bitCount(word);
    }
    if (count == 0) {
      throw new AssertionError("nothing is allowed");
    }
    int wanted = random.nextInt(count);
    for (int id = 0; id < 32 * mask.length; id++) {
      if (has(mask, id) && wanted-- == 0) {
        return id;
      }
    }
    throw new AssertionError();
  }

  /** The mask of a place inside a grammar, which always has one. */
  static int[] words(TokenMask mask) {
    int[] words = mask.allowed();
    if (words == null) {
      throw new AssertionError("no mask inside a grammar");
    }
    return words;
  }

  static boolean has(int[] mask, int id) {
    return (mask[id / 32] >> id % 32 & 1) != 0;
  }

  /** The token of one byte after which least is missing. */
  private int nearest(int[] mask, Positions at) {
    if (has(mask, endToken)) {
      return endToken;
    }
    int best = -1;
    long least = Long.MAX_VALUE;
    for (int id = 0; id < 32 * mask.length; id++) {
      if (has(mask, id) && trie.bytes(id).length == 1) {
        long missing = missing(at.next(trie.bytes(id)));
        if (missing < least) {
          least = missing;
          best = id;
        }
      }
    }
    if (best < 0) {
      throw new AssertionError("no byte is allowed");
    }
    return best;
  }

  private long missing(Positions at) {
    long least = Long.MAX_VALUE;
    for (Position position : at.list()) {
      int depth = 0;
      for (Frame frame = position.rest(); !frame.equals(Frame.END); frame = frame.rest()) {
        depth++;
      }
      long missing = 1000L * depth + distance(position.terminal().dfa())[position.state()];
      least = Math.min(least, missing);
    }
    return least;
  }

  /** For each state how many bytes are missing to a place where the text may end. */
  private int[] distance(Dfa dfa) {
    return distances.computeIfAbsent(
        dfa,
        key -> {
          int[] distance = new int[dfa.states()];
          java.util.Arrays.fill(distance, Integer.MAX_VALUE / 2);
          boolean changed = true;
          while (changed) {
            changed = false;
            for (int s = 0; s < dfa.states(); s++) {
              int best = dfa.accepts(s) ? 0 : distance[s];
              for (int c = 0; c < dfa.classes(); c++) {
                int next = dfa.nextOfClass(s, c);
                best = next < 0 ? best : Math.min(best, distance[next] + 1);
              }
              changed |= best < distance[s];
              distance[s] = best;
            }
          }
          return distance;
        });
  }
}
