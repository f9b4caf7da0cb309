package dev.qwq;

/** Why a reply ended. */
public enum FinishReason {
  /** The model ended its turn, or a stop string appeared. */
  STOP,
  /** The limit on generated tokens, or the end of the context, was reached. */
  LENGTH,
  /** The reply went round in circles, and its {@link RepetitionPolicy} said to end it. */
  REPETITION,
  /** The reply was cancelled: stream closed, thread interrupted, session or model closed. */
  CANCELLED,
  /** The time limit of the reply had passed. */
  DEADLINE,
  /** The model ended its turn with at least one tool call. */
  TOOL_CALLS
}
