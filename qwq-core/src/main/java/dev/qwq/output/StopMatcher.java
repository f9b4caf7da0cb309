package dev.qwq.output;

import java.util.List;

/**
 * Ends a text where one of several stop strings appears. Characters that may begin a stop string
 * are held back until it is clear that they do not. Not thread-safe.
 */
final class StopMatcher {
  private final List<String> stopStrings;
  private final StringBuilder pending = new StringBuilder();
  private boolean stopped;

  StopMatcher(List<String> stopStrings) {
    this.stopStrings = stopStrings;
  }

  /** Takes the next piece and returns what can be passed on; nothing once {@link #stopped()}. */
  String accept(String piece) {
    if (stopped) {
      return "";
    }
    if (stopStrings.isEmpty()) {
      return piece;
    }
    pending.append(piece);
    int first = -1;
    for (String stop : stopStrings) {
      int at = pending.indexOf(stop);
      if (at >= 0 && (first < 0 || at < first)) {
        first = at;
      }
    }
    if (first >= 0) {
      stopped = true;
      pending.setLength(first);
      return finish();
    }
    int held = 0;
    for (String stop : stopStrings) {
      held = Math.max(held, Markers.heldBack(pending, stop));
    }
    int safe = pending.length() - held;
    String passed = pending.substring(0, safe);
    pending.delete(0, safe);
    return passed;
  }

  /** Ends the text and returns what was held back. */
  String finish() {
    String rest = pending.toString();
    pending.setLength(0);
    return rest;
  }

  /** Tells whether a stop string has appeared. */
  boolean stopped() {
    return stopped;
  }
}
