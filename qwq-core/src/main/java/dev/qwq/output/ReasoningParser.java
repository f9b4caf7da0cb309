package dev.qwq.output;

/**
 * Tells thinking from answer in text that arrives in pieces, wherever the pieces are cut. The
 * opening marker may be missing; if the closing one is, everything is thinking. Blank space around
 * each part is dropped. Only the first closing marker counts: later ones are the answer's own.
 */
final class ReasoningParser {
  private enum State {
    /** Nothing visible yet; an opening marker may come, and is dropped. */
    BEFORE_THINKING,
    BEFORE_ANSWER,
    THINKING,
    ANSWER,
    /** Not taken apart. */
    OFF
  }

  /** Where the parts go. */
  interface Parts {
    void reasoning(String text);

    void answer(String text);
  }

  private final Parts parts;
  private final StringBuilder pending = new StringBuilder();
  private final Trimmer reasoning = new Trimmer();
  private State state;

  /** How many characters at the beginning of {@code pending} are known to be blank. */
  private int blank;

  ReasoningParser(ReasoningStart start, Parts parts) {
    this.parts = parts;
    state =
        switch (start) {
          case THINKING -> State.BEFORE_THINKING;
          case ANSWER -> State.BEFORE_ANSWER;
          case OFF -> State.OFF;
        };
  }

  boolean thinking() {
    return state == State.THINKING || state == State.BEFORE_THINKING;
  }

  /** True as long as an opening marker may come and be dropped. */
  boolean beforeThinking() {
    return state == State.BEFORE_THINKING;
  }

  /** True once everything that comes is answer. */
  boolean decided() {
    return state == State.ANSWER || state == State.OFF;
  }

  /** What is held back: the beginning of a marker, or blank space before one. */
  String pending() {
    return pending.toString();
  }

  void accept(String piece) {
    if (piece.isEmpty()) {
      return;
    }
    switch (state) {
      case ANSWER, OFF -> parts.answer(piece);
      case BEFORE_THINKING, BEFORE_ANSWER -> {
        pending.append(piece);
        lookForOpening();
      }
      case THINKING -> {
        pending.append(piece);
        lookForClosing();
      }
    }
  }

  /** Ends the text. */
  void finish() {
    String rest = pending.toString();
    pending.setLength(0);
    if (thinking()) {
      emitReasoning(rest);
    } else if (!rest.isEmpty()) {
      parts.answer(rest);
    }
  }

  private void lookForOpening() {
    blank = Markers.firstVisible(pending, blank);
    int length = pending.length() - blank;
    String open = ReasoningStart.OPEN;
    if (length < open.length() && Markers.heldBack(pending, open) == length) {
      return; // blank so far, or the beginning of a marker
    }
    boolean opened = pending.indexOf(open, blank) == blank;
    if (opened) {
      pending.delete(0, blank + open.length());
    }
    if (opened || state == State.BEFORE_THINKING) {
      state = State.THINKING;
      lookForClosing();
    } else {
      state = State.ANSWER;
      finish();
    }
  }

  private void lookForClosing() {
    int at = pending.indexOf(ReasoningStart.CLOSE);
    if (at >= 0) {
      emitReasoning(pending.substring(0, at));
      pending.delete(0, at + ReasoningStart.CLOSE.length());
      state = State.ANSWER;
      finish();
      return;
    }
    int safe = pending.length() - Markers.heldBack(pending, ReasoningStart.CLOSE);
    emitReasoning(pending.substring(0, safe));
    pending.delete(0, safe);
  }

  private void emitReasoning(String text) {
    String trimmed = reasoning.accept(text);
    if (!trimmed.isEmpty()) {
      parts.reasoning(trimmed);
    }
  }
}
