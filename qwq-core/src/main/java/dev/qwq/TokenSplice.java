package dev.qwq;

import dev.qwq.tokenizer.Tokenizer;
import java.util.Arrays;

/**
 * Keeps the tokens a model generated when its text comes back as part of the next prompt. A model
 * may write a text in other tokens than the tokenizer would; encoded anew, the conversation would
 * no longer begin with what is in the KV cache.
 */
final class TokenSplice {
  private TokenSplice() {}

  /**
   * Replaces the beginning of a prompt by tokens that say the same.
   *
   * @param known the conversation so far as it was computed: the last prompt and its reply
   * @param encoded the next prompt as the tokenizer encodes it
   * @return {@code encoded}, but as far as both have the same bytes and the same added tokens, up
   *     to the last place where a token ends in both, the tokens of {@code known}
   */
  static int[] splice(Tokenizer tokenizer, int[] known, int[] encoded) {
    int start = Arrays.mismatch(known, encoded);
    if (start < 0 || start == known.length || start == encoded.length) {
      return encoded;
    }
    Side ours = new Side(tokenizer, known, start);
    Side theirs = new Side(tokenizer, encoded, start);
    int keptOurs = start;
    int keptTheirs = start;
    while (ours.hasNext() && theirs.hasNext() && stepTogether(ours, theirs)) {
      keptOurs = ours.next;
      keptTheirs = theirs.next;
    }
    if (keptOurs == start) {
      return encoded;
    }
    int[] spliced = Arrays.copyOf(known, keptOurs + encoded.length - keptTheirs);
    System.arraycopy(encoded, keptTheirs, spliced, keptOurs, encoded.length - keptTheirs);
    return spliced;
  }

  /** Moves both sides to the next place where a token ends in both; false if there is none. */
  private static boolean stepTogether(Side ours, Side theirs) {
    if (ours.isAdded() || theirs.isAdded()) {
      return ours.takeId() == theirs.takeId();
    }
    ours.begin();
    theirs.begin();
    while (ours.end != theirs.end) {
      Side behind = ours.end < theirs.end ? ours : theirs;
      if (!behind.hasNext() || behind.isAdded()) {
        return false;
      }
      behind.take();
    }
    return Arrays.equals(ours.bytes, 0, ours.end, theirs.bytes, 0, theirs.end);
  }

  /** One of the two token lists, and the bytes since both had a token end. */
  private static final class Side {
    private final Tokenizer tokenizer;
    private final int[] ids;
    private int next;
    private byte[] bytes = new byte[64];
    private int end;

    Side(Tokenizer tokenizer, int[] ids, int next) {
      this.tokenizer = tokenizer;
      this.ids = ids;
      this.next = next;
    }

    boolean hasNext() {
      return next < ids.length && ids[next] < tokenizer.size(); // ids from there on are padding
    }

    boolean isAdded() {
      return tokenizer.isAdded(ids[next]);
    }

    int takeId() {
      return ids[next++];
    }

    void begin() {
      end = 0;
      take();
    }

    void take() {
      byte[] more = tokenizer.bytes(ids[next++]);
      if (end + more.length > bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * (end + more.length));
      }
      System.arraycopy(more, 0, bytes, end, more.length);
      end += more.length;
    }
  }
}
