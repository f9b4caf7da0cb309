package dev.qwq.engine;

/**
 * Guesses what a generation will say next. Guesses are checked by the model itself, several in one
 * step, and change nothing but speed. Belongs to one generation, and is called on the engine thread
 * between steps: it must be quick compared to a step.
 */
interface Drafter extends AutoCloseable {
  /** Most tokens guessed at a time. */
  int MOST = 8;

  /**
   * Guesses what follows.
   *
   * @param history all tokens so far, each call with more of them behind
   * @param draw number of the next draw of the generation
   * @param into takes the guesses
   * @param most how many at most, 1 to {@link #MOST}
   * @return how many; 0 if there is no guess worth checking
   */
  int draft(TokenHistory history, int draw, int[] into, int most);

  @Override
  default void close() {}
}
