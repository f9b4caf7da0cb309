package dev.qwq.engine;

import org.jspecify.annotations.Nullable;

/**
 * Says which tokens may come next; a grammar is one. A mask stands for one place in the text and
 * does not change: each token leads to another mask. So a generation can go back to an earlier
 * place, or try several ways on from one.
 *
 * <p>Called on the engine thread between steps, so it must return quickly; an exception ends the
 * generation, and no other one.
 */
public interface TokenMask {
  /**
   * Returns the ids allowed as the next token.
   *
   * @return bit {@code id % 32} of word {@code id / 32} is set for an allowed id, {@code
   *     ceil(vocabSize / 32)} words, at least one bit set; not changed by anybody as long as this
   *     mask is in use; null allows every id
   */
  int @Nullable [] allowed();

  /**
   * Returns the mask for the token after the next.
   *
   * @param token the next token: one that is allowed, or one that a caller forces
   * @return the mask behind it
   */
  TokenMask after(int token);
}
