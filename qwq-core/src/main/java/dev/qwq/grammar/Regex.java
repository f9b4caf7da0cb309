package dev.qwq.grammar;

import java.util.List;

/** A regular expression, taken apart. */
sealed interface Regex {
  /** One character of a set. */
  record Chars(CodePoints set) implements Regex {}

  /** One after the other; none is the empty text. */
  record Concatenation(List<Regex> parts) implements Regex {}

  /** One of several. */
  record Alternation(List<Regex> branches) implements Regex {}

  /**
   * Several times the same.
   *
   * @param max most times, or {@link #UNBOUNDED}
   */
  record Repetition(Regex body, int min, int max) implements Regex {}

  /** Holds at the beginning of the text. */
  record TextStart() implements Regex {}

  /** Holds at the end of the text. */
  record TextEnd() implements Regex {}

  /** As often as wanted. */
  int UNBOUNDED = -1;

  /** Any text. */
  Regex ANYTHING = new Repetition(new Chars(CodePoints.ALL), 0, UNBOUNDED);
}
