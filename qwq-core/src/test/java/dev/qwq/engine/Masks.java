package dev.qwq.engine;

import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Token masks for tests. */
final class Masks {
  private Masks() {}

  /**
   * A mask that depends only on how many tokens were generated.
   *
   * @param generated how many at the mask's place
   * @param words allowed ids by that number
   */
  static TokenMask at(int generated, IntFunction<int @Nullable []> words) {
    return new TokenMask() {
      @Override
      public int @Nullable [] allowed() {
        return words.apply(generated);
      }

      @Override
      public TokenMask after(int token) {
        return at(generated + 1, words);
      }
    };
  }
}
