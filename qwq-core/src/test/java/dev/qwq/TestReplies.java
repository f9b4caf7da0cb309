package dev.qwq;

import java.time.Duration;
import java.util.List;

/** Replies that no model gave. */
public final class TestReplies {
  private TestReplies() {}

  public static Reply of(String answer, FinishReason reason, ToolCall... calls) {
    Usage usage = new Usage(1, 0, 0, 1, 0, 0, 0, Duration.ZERO, Duration.ZERO, 0);
    return new Reply("", answer, answer, List.of(calls), new int[0], reason, usage);
  }
}
