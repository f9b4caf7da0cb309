package dev.qwq.grammar;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A place in a text: all ways to read it so far. Immutable; equal places are followed by the same
 * texts.
 */
record Positions(List<Position> list) {
  /** A grammar that can be read in more ways than this at once is taken to be a mistake. */
  private static final int MAX = 20_000;

  /** The beginning of a text. */
  static Positions start(Node root) {
    Follow.Builder builder = new Follow.Builder();
    root.expand(Frame.END, builder);
    return new Positions(builder.build().positions());
  }

  /** Whether no text goes on like this. */
  boolean isDead() {
    return list.isEmpty();
  }

  /** Whether the text may end here. */
  boolean mayEndText() {
    for (Position position : list) {
      if (position.mayEndText()) {
        return true;
      }
    }
    return false;
  }

  /** Takes a byte. */
  Positions next(int unsignedByte) {
    return next(list, unsignedByte);
  }

  /** Takes bytes. */
  Positions next(byte[] bytes) {
    Positions at = this;
    for (byte b : bytes) {
      at = at.next(b & 0xFF);
    }
    return at;
  }

  /** Where a byte leads from several positions. */
  static Positions next(List<Position> from, int unsignedByte) {
    if (from.size() == 1) {
      Position only = from.getFirst();
      if (!only.mayEnd()) { // the usual case by far
        int state = only.terminal().dfa().next(only.state(), unsignedByte);
        return new Positions(
            state < 0 ? List.of() : List.of(new Position(only.terminal(), state, only.rest())));
      }
    }
    Set<Position> reached = new LinkedHashSet<>();
    add(from, unsignedByte, reached);
    return new Positions(List.copyOf(reached));
  }

  private static void add(List<Position> from, int unsignedByte, Set<Position> reached) {
    for (Position position : from) {
      int state = position.terminal().dfa().next(position.state(), unsignedByte);
      if (state >= 0) {
        reached.add(new Position(position.terminal(), state, position.rest()));
      }
      if (position.mayEnd()) {
        add(position.rest().follow().positions(), unsignedByte, reached);
      }
    }
    if (reached.size() > MAX) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "grammar: expected at most " + MAX + " ways to read a text, found more");
    }
  }
}
