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
   * The reply is over; always the last event.
   *
   * @param usage what it took
   * @param finishReason why it ended
   */
  record Done(Usage usage, FinishReason finishReason) implements ChatEvent {}
}
