package dev.qwq.grammar;

/**
 * A deterministic automaton over bytes whose every state can still reach the end of an accepted
 * text. Bytes that no state tells apart are one class. State 0 is the start. Immutable.
 */
final class Dfa {
  /** Where no way leads. */
  static final int DEAD = -1;

  private final int classes;
  private final int[] classOf; // [256]
  private final int[] next; // [states × classes]
  private final boolean[] accepting;

  Dfa(int classes, int[] classOf, int[] next, boolean[] accepting) {
    this.classes = classes;
    this.classOf = classOf;
    this.next = next;
    this.accepting = accepting;
  }

  int states() {
    return accepting.length;
  }

  /** Tells whether the text may end in a state. */
  boolean accepts(int state) {
    return accepting[state];
  }

  /**
   * Takes a byte.
   *
   * @param unsignedByte 0 to 255
   * @return the next state, or {@link #DEAD}
   */
  int next(int state, int unsignedByte) {
    return next[state * classes + classOf[unsignedByte]];
  }

  /** Tells whether no text at all is accepted. */
  boolean isEmpty() {
    return accepting.length == 0;
  }

  /** Tells whether bytes are an accepted text. */
  boolean matches(byte[] text) {
    if (isEmpty()) {
      return false;
    }
    int state = 0;
    for (byte b : text) {
      state = next(state, b & 0xFF);
      if (state == DEAD) {
        return false;
      }
    }
    return accepting[state];
  }

  int classes() {
    return classes;
  }

  /** The class of each byte; not to be changed. */
  int[] classOf() {
    return classOf;
  }

  /** The next state for a class of bytes. */
  int nextOfClass(int state, int byteClass) {
    return next[state * classes + byteClass];
  }
}
