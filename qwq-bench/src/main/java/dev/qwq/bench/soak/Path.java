package dev.qwq.bench.soak;

import java.util.ArrayList;
import java.util.List;

/**
 * How a conversation has come to where it is; everything it says follows from that.
 *
 * @param script what it asks
 * @param steps its turns so far
 */
record Path(Script script, List<Step> steps) {
  /** Kept of a reply that was not cut. */
  static final int WHOLE = -1;

  /**
   * A turn.
   *
   * @param way which of the ways to ask
   * @param kept how many tokens of the reply are part of the conversation, or {@link #WHOLE}
   */
  record Step(int way, int kept) {}

  static Path of(Script script) {
    return new Path(script, List.of());
  }

  int turn() {
    return steps.size();
  }

  Path plus(int way, int kept) {
    List<Step> more = new ArrayList<>(steps);
    more.add(new Step(way, kept));
    return new Path(script, List.copyOf(more));
  }

  Path without(int turns) {
    return new Path(script, steps.subList(0, steps.size() - turns));
  }
}
