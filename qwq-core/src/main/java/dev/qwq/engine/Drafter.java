package dev.qwq.engine;

import java.util.function.BooleanSupplier;

/**
 * Guesses what a generation will say next. Guesses are checked by the model itself, several in one
 * step, and change nothing but speed. Belongs to one generation, and is called on the engine thread
 * between steps: it must be quick compared to a step.
 */
interface Drafter extends AutoCloseable {
  /** Most tokens guessed at a time. */
  int MOST = 8;

  /**
   * How long all guesses of a step may take together.
   *
   * @param deadline when the step begins without those that are missing, as {@link System#nanoTime}
   * @param urgent true if something else is to be done at once, a cancel perhaps
   */
  record Patience(long deadline, BooleanSupplier urgent) {
    boolean isOver() {
      return urgent.getAsBoolean() || System.nanoTime() - deadline >= 0;
    }
  }

  /**
   * Begins to guess what follows, if that takes time.
   *
   * @param history all tokens so far, each call with more of them behind
   * @param draw number of the next draw of the generation
   * @param most how many tokens at most, 1 to {@link #MOST}
   */
  default void begin(TokenHistory history, int draw, int most) {}

  /**
   * Guesses what follows.
   *
   * @param history as in {@link #begin}
   * @param into takes the guesses
   * @param most as in {@link #begin}
   * @param patience how long to wait for them
   * @return how many; 0 if there is no guess worth checking
   */
  int finish(TokenHistory history, int[] into, int most, Patience patience);

  @Override
  default void close() {}
}
