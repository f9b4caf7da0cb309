package dev.qwq;

/** What a {@link ReplyStream} delivers, in the order it happens. */
public sealed interface ChatEvent {
  /**
   * The prompt is being read.
   *
   * @param processed prompt tokens done so far, those found in the cache included
   * @param total all prompt tokens
   */
  record Progress(int processed, int total) implements ChatEvent {}

  /**
   * The model thinks.
   *
   * @param text the next piece, never empty, without the {@code <think>} markers
   */
  record Reasoning(String text) implements ChatEvent {}

  /**
   * The model answers.
   *
   * @param text the next piece, never empty
   */
  record Answer(String text) implements ChatEvent {}

  /**
   * The model wants a tool called; delivered when the call is complete.
   *
   * @param call the call
   */
  record ToolCall(dev.qwq.ToolCall call) implements ChatEvent {}

  /**
   * The reply goes round in circles: its end is one span of tokens, repeated exactly. Of a loop
   * that goes on, delivered once.
   *
   * @param text the span
   * @param period its length in tokens
   * @param repeats how often it has come in a row, 2 or more
   * @param action what was done about it: the policy's action, or {@code STOP} where that was used
   *     up or did not apply
   */
  record RepetitionDetected(String text, int period, int repeats, RepetitionPolicy.Action action)
      implements ChatEvent {}

  /**
   * The reply is over; always the last event.
   *
   * @param usage what it took
   * @param finishReason why it ended
   */
  record Done(Usage usage, FinishReason finishReason) implements ChatEvent {}
}
