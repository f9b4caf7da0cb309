package dev.qwq.engine;

import java.util.Arrays;
import java.util.BitSet;

/** The tokens of a conversation in order, each with its role. */
final class TokenHistory {
  private int[] tokens = new int[64];
  private final BitSet generated = new BitSet();
  private int size;

  int size() {
    return size;
  }

  int token(int index) {
    return tokens[index];
  }

  TokenRole role(int index) {
    return generated.get(index) ? TokenRole.GENERATED : TokenRole.PROMPT;
  }

  /** Where the run of tokens of one role that begins at {@code from} ends, exclusive. */
  int runEnd(int from) {
    int end = generated.get(from) ? generated.nextClearBit(from) : generated.nextSetBit(from);
    return end < 0 ? size : Math.min(end, size);
  }

  /** Length of the longest common prefix with these tokens. */
  int commonPrefix(int[] others) {
    int mismatch = Arrays.mismatch(tokens, 0, size, others, 0, others.length);
    return mismatch < 0 ? size : mismatch;
  }

  void truncate(int newSize) {
    generated.clear(newSize, Math.max(newSize, size));
    size = newSize;
  }

  void append(int token, TokenRole role) {
    ensureCapacity(1);
    generated.set(size, role == TokenRole.GENERATED);
    tokens[size++] = token;
  }

  /** Appends {@code source[from .. end - 1]}. */
  void append(int[] source, int from, int end, TokenRole role) {
    int count = end - from;
    ensureCapacity(count);
    System.arraycopy(source, from, tokens, size, count);
    generated.set(size, size + count, role == TokenRole.GENERATED);
    size += count;
  }

  /** Makes this empty history hold what another one does. */
  void copyFrom(TokenHistory other) {
    ensureCapacity(other.size);
    System.arraycopy(other.tokens, 0, tokens, 0, other.size);
    generated.or(other.generated);
    size = other.size;
  }

  /** The tokens, and room behind them; read-only, valid until the next change. */
  int[] array() {
    return tokens;
  }

  private void ensureCapacity(int more) {
    if (more > tokens.length - size) {
      long twice = Math.min(Integer.MAX_VALUE - 8L, tokens.length * 2L);
      tokens = Arrays.copyOf(tokens, (int) Math.max(twice, Math.addExact(size, more)));
    }
  }
}
