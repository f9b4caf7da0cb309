package dev.qwq.engine;

import org.jspecify.annotations.Nullable;

/**
 * Says which tokens may come next; a grammar is one. Called on the engine thread before each draw,
 * so it must return quickly; an exception ends the generation, and no other one.
 */
@FunctionalInterface
public interface TokenMask {
  /**
   * Returns the ids allowed as the next token. Asked again with the same arguments when a step is
   * repeated, and must then answer the same.
   *
   * @param generated how many tokens have been generated (and given to the listener) so far
   * @return bit {@code id % 32} of word {@code id / 32} is set for an allowed id, {@code
   *     ceil(vocabSize / 32)} words, read before the next call; null allows every id
   */
  int @Nullable [] allowed(int generated);
}
