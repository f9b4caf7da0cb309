package dev.qwq.examples.accuracy;

/**
 * A question the bundled model was trained for, with the one answer that counts as right.
 *
 * @param kind what it asks for
 * @param question the user's message
 * @param tool the tool on offer, or empty
 * @param answer the exact answer; for a tool the value its one argument must have
 */
record Problem(Kind kind, String question, String tool, String answer) {

  enum Kind {
    LETTERS,
    ADDITION,
    SUBTRACTION,
    MULTIPLICATION,
    TRIANGLE,
    CHOICE,
    TOOL
  }

  static Problem of(Kind kind, String question, String answer) {
    return new Problem(kind, question, "", answer);
  }
}
