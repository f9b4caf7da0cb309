package dev.qwq;

import dev.qwq.output.ReasoningStart;
import dev.qwq.output.ThinkingTracker;
import dev.qwq.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

/** Finds the tokens that end thinking where it stands. Thread-safe. */
final class ThinkingCloser {
  private final Tokenizer tokenizer;
  private final ThinkingMarkers markers;
  private final @Nullable String nudge;
  private final boolean oneToken;

  ThinkingCloser(Tokenizer tokenizer, ThinkingMarkers markers, @Nullable String nudge) {
    this.tokenizer = tokenizer;
    this.markers = markers;
    this.nudge = nudge;
    oneToken = tokenizer.encode(ReasoningStart.CLOSE).length == 1;
  }

  /**
   * Returns what to force; {@link ThinkingTracker#canWrite()} must hold.
   *
   * @param tracker where the reply stands
   */
  int[] closing(ThinkingTracker tracker) {
    String partial = tracker.partialClosing();
    if (!oneToken && partial.length() > 1) {
      // The model is closing by itself. A marker of one token is not begun with pieces of text.
      return tokenizer.encode(markers.closing().substring(partial.length()), false);
    }
    StringBuilder text = new StringBuilder();
    int trustedFrom = 0;
    if (tracker.needsOpening()) {
      text.append(ReasoningStart.OPEN).append('\n');
      trustedFrom = text.length();
    }
    boolean lineEnded = tracker.needsOpening() || tracker.isEmpty() || tracker.endsLine();
    if (nudge != null) {
      text.append(lineEnded ? "" : "\n\n").append(nudge);
      lineEnded = false;
    }
    // An empty block has an empty line.
    text.append(lineEnded && !tracker.isEmpty() ? "" : "\n");
    int closingFrom = text.length();
    text.append(markers.closing());
    // What a nudge says never becomes a special token.
    return tokenizer.encode(
        text.toString(), new int[] {0, trustedFrom, closingFrom, text.length()});
  }
}
