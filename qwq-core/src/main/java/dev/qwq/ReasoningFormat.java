package dev.qwq;

/** How a model's thinking is told from its answer. */
public enum ReasoningFormat {
  /**
   * By the {@code <think>} and {@code </think>} markers. If the prompt ends in an open {@code
   * <think>}, the reply begins inside it. If the model's chat template knows {@code </think>} and
   * the prompt leaves it open whether the model thinks, everything up to {@code </think>} is
   * thinking, with an opening marker or without; if it never comes, all of the reply is. The
   * default.
   */
  AUTO,
  /** Nothing is told apart: all of the reply is answer. */
  NONE
}
