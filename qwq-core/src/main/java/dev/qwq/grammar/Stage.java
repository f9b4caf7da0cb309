package dev.qwq.grammar;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A stretch of a reply: free text up to a marker, or text of a grammar. */
sealed interface Stage {
  /** The place where the stage begins. */
  StagedMask begin();

  /**
   * Anything, up to a marker.
   *
   * <p>Markers are told in text, as the parser of replies does: the tokens they are cut into do not
   * matter, and a token may hold the end of the marker together with the beginning of what follows.
   */
  final class Free implements Stage {
    private final TokenTrie trie;
    private final int vocabSize;
    private final byte[] marker;
    private final int[] failure; // how much of the marker is left when the next byte does not fit
    private final int[] endTokens;
    private final boolean mayEnd;
    private @Nullable Stage next;
    private final Map<Integer, int[]> masks = new HashMap<>();
    private final boolean[] known;

    /**
     * Makes a stage.
     *
     * @param mayEnd whether the reply may end here; otherwise the marker must come
     */
    Free(TokenTrie trie, int vocabSize, String marker, int[] endTokens, boolean mayEnd) {
      this.trie = trie;
      this.vocabSize = vocabSize;
      this.marker = marker.getBytes(StandardCharsets.UTF_8);
      this.endTokens = endTokens;
      this.mayEnd = mayEnd;
      failure = new int[this.marker.length];
      for (int i = 1; i < failure.length; i++) {
        failure[i] = step(failure[i - 1], this.marker[i], i);
      }
      known = new boolean[this.marker.length];
    }

    /** Says what follows the marker; once, before use. */
    void then(Stage stage) {
      next = stage;
    }

    Stage next() {
      if (next == null) {
        throw new IllegalStateException("a stage without its successor");
      }
      return next;
    }

    private int step(int matched, byte b, int limit) {
      int at = matched;
      while (at > 0 && marker[at] != b) {
        at = failure[at - 1];
      }
      return at < limit && marker[at] == b ? at + 1 : 0;
    }

    /** How much of the marker there is after another byte. */
    int step(int matched, byte b) {
      return step(matched, b, marker.length);
    }

    byte[] bytes(int token) {
      return trie.bytes(token);
    }

    boolean isComplete(int matched) {
      return matched == marker.length;
    }

    @Override
    public StagedMask begin() {
      return StagedMask.free(this, 0);
    }

    /** The tokens that may come; null: all. */
    int @Nullable [] allowed(int matched) {
      synchronized (masks) {
        if (!known[matched]) {
          int[] found = find(matched);
          if (found != null) {
            masks.put(matched, found);
          }
          known[matched] = true;
        }
        return masks.get(matched);
      }
    }

    /** All, but those that end the reply too soon or bring the marker and then what cannot be. */
    private int @Nullable [] find(int matched) {
      int[] mask = new int[trie.words()];
      Arrays.fill(mask, -1);
      if (vocabSize % Integer.SIZE != 0) {
        mask[mask.length - 1] = (1 << vocabSize % Integer.SIZE) - 1;
      }
      boolean any = false;
      if (!mayEnd) {
        for (int token : endTokens) {
          mask[token / Integer.SIZE] &= ~(1 << token % Integer.SIZE);
          any = true;
        }
      }
      StagedMask here = StagedMask.free(this, matched);
      for (int token : trie.tokensWith(marker[marker.length - 1])) {
        if (here.feed(trie.bytes(token)) == null) {
          mask[token / Integer.SIZE] &= ~(1 << token % Integer.SIZE);
          any = true;
        }
      }
      return any ? mask : null;
    }
  }

  /** Text of a grammar. */
  final class Constrained implements Stage {
    private final Grammar grammar;
    private final int[] endTokens;
    private final @Nullable Stage next;

    /**
     * Makes a stage.
     *
     * @param next what follows the first complete text; null: the reply ends with a complete text
     */
    Constrained(Grammar grammar, int[] endTokens, @Nullable Stage next) {
      this.grammar = grammar;
      this.endTokens = endTokens;
      this.next = next;
    }

    @Nullable Stage next() {
      return next;
    }

    byte[] bytes(int token) {
      return grammar.trie().bytes(token);
    }

    @Override
    public StagedMask begin() {
      return StagedMask.constrained(this, grammar.start());
    }

    /** The tokens that may come; ending the reply is one of them where the text is complete. */
    int[] allowed(Positions at) {
      int[] mask = grammar.allowed(at);
      if (next == null && at.mayEndText()) {
        mask = mask.clone();
        for (int token : endTokens) {
          mask[token / Integer.SIZE] |= 1 << token % Integer.SIZE;
        }
      }
      return mask;
    }
  }
}
