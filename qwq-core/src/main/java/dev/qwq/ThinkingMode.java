package dev.qwq;

/** Whether a model that can think does. */
public enum ThinkingMode {
  /** What the model's chat template does by itself. The default. */
  AUTO,
  /**
   * Asks the template for thinking ({@code enable_thinking = true}); without effect where it has no
   * such switch.
   */
  ON,
  /**
   * No thinking: the prompt ends in a closed block, {@code <think>\n\n</think>\n\n}, as the
   * template writes it ({@code enable_thinking = false}, Qwen3) or, where it has no such switch
   * (QwQ, DeepSeek-R1), put behind what it writes. Without effect on models that do not think.
   */
  OFF
}
