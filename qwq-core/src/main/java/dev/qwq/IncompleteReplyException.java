package dev.qwq;

import java.util.Objects;

/**
 * A reply ended before its answer was complete: the limit on tokens or the end of the context was
 * reached, its time was over, it was cancelled, it repeated itself, or a stop string appeared.
 */
public final class IncompleteReplyException extends QwqException {
  private static final long serialVersionUID = 1L;

  /** So much of the answer is in the message. */
  private static final int SHOWN = 200;

  /** What there is of it. */
  private final transient Reply reply;

  IncompleteReplyException(Reply reply) {
    super(ErrorCode.INCOMPLETE_REPLY, message(reply));
    this.reply = Objects.requireNonNull(reply, "reply");
  }

  private static String message(Reply reply) {
    String why =
        switch (reply.finishReason()) {
          case LENGTH -> "the limit on tokens or the end of the context was reached";
          case CANCELLED -> "it was cancelled";
          case DEADLINE -> "its time was over";
          case REPETITION -> "it repeated itself";
          default -> "a stop string appeared";
        };
    String where =
        reply.answer().isEmpty()
            ? "in the thinking, before the answer began"
            : "in the answer, after: " + end(reply.answer());
    return "the reply ended too soon, "
        + where
        + " ("
        + why
        + " after "
        + reply.usage().generatedTokens()
        + " tokens)";
  }

  private static String end(String answer) {
    int length = answer.length();
    return length <= SHOWN ? answer : "…" + answer.substring(length - SHOWN);
  }

  /**
   * Returns what there is of the reply.
   *
   * @return the reply, its thinking and the beginning of its answer
   */
  public Reply reply() {
    return reply;
  }
}
