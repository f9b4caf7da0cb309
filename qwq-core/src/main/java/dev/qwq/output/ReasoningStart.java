package dev.qwq.output;

/** What is known about a reply's thinking before its first token. */
public enum ReasoningStart {
  /** The reply begins inside the thinking: the prompt opened it, or the model always thinks. */
  THINKING,
  /** The reply is an answer, unless it begins with the opening marker. */
  ANSWER,
  /** The reply is not taken apart. */
  OFF;

  /** Opens the thinking. */
  public static final String OPEN = "<think>";

  /** Closes the thinking. */
  public static final String CLOSE = "</think>";

  /**
   * Infers the start from the prompt.
   *
   * @param prompt the rendered prompt, or its last few hundred characters
   * @param modelThinks whether the model's chat template knows the closing marker
   * @return {@link #THINKING} if the prompt ends inside an open marker; {@link #ANSWER} if it ends
   *     right after a closed one; else by {@code modelThinks}
   */
  public static ReasoningStart of(String prompt, boolean modelThinks) {
    if (isOpen(prompt)) {
      return THINKING;
    }
    if (isClosed(prompt)) {
      return ANSWER;
    }
    return modelThinks ? THINKING : ANSWER;
  }

  /**
   * Infers the start from what the turn to be continued says so far.
   *
   * @param turn the text of the turn; nothing of the turns before
   * @param modelThinks whether the model's chat template knows the closing marker
   * @return {@link #THINKING} or {@link #ANSWER}, as the last marker says; without any by {@code
   *     modelThinks}
   */
  public static ReasoningStart within(String turn, boolean modelThinks) {
    int opened = turn.lastIndexOf(OPEN);
    int closed = turn.lastIndexOf(CLOSE);
    if (opened < 0 && closed < 0) {
      return modelThinks ? THINKING : ANSWER;
    }
    return opened > closed ? THINKING : ANSWER;
  }

  /**
   * Tells whether a prompt leaves the thinking open.
   *
   * @param prompt the rendered prompt, or its end
   * @return whether it ends in an opening marker
   */
  public static boolean isOpen(String prompt) {
    return prompt.stripTrailing().endsWith(OPEN);
  }

  /**
   * Tells whether a prompt has the thinking behind it.
   *
   * @param prompt the rendered prompt, or its end
   * @return whether it ends in a closing marker
   */
  public static boolean isClosed(String prompt) {
    return prompt.stripTrailing().endsWith(CLOSE);
  }
}
