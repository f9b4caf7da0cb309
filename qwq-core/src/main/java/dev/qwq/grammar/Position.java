package dev.qwq.grammar;

/**
 * One way to read a text so far.
 *
 * @param terminal what is being written
 * @param state how far, in the terminal's automaton
 * @param rest what comes after it
 */
record Position(Terminal terminal, int state, Frame rest) {
  /** Whether the terminal may end here. */
  boolean mayEnd() {
    return terminal.dfa().accepts(state);
  }

  /** Whether the whole text may end here. */
  boolean mayEndText() {
    return mayEnd() && rest.follow().mayEndText();
  }
}
