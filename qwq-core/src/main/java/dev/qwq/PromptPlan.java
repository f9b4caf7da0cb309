package dev.qwq;

import java.time.Duration;
import java.util.Optional;

/**
 * What a prompt would take.
 *
 * @param promptTokens tokens of the prompt, as the model's template writes it
 * @param cachedTokens how many of them this session has computed already, as far as nothing was
 *     given away meanwhile; 0 without a session
 * @param replyTokens how many tokens of the context are left for the reply, thinking included; 0 if
 *     the prompt does not fit
 * @param contextLength the longest conversation
 * @param kvBytes KV cache that the prompt takes
 * @param hiddenReasoning how many of the messages have thinking that the template does not show to
 *     the model any more
 * @param messagesToDrop how many of the first messages must go before the prompt fits; 0 if it
 *     does. Nothing is dropped unasked: a prompt that does not fit fails with {@code
 *     CONTEXT_EXCEEDED}
 * @param yarn whether the prompt needs YaRN
 * @param timeToFirstToken how long reading the prompt takes at the speed of the last prompts,
 *     waiting not included; empty before the first prompt of at least 32 tokens
 */
public record PromptPlan(
    int promptTokens,
    int cachedTokens,
    int replyTokens,
    int contextLength,
    long kvBytes,
    int hiddenReasoning,
    int messagesToDrop,
    Yarn yarn,
    Optional<Duration> timeToFirstToken) {

  /** Whether positions should be stretched, see {@link ModelOptions.Builder#yarnFactor}. */
  public enum Yarn {
    /** The prompt fits what the model was trained with, and YaRN is off. */
    NOT_NEEDED,
    /** The prompt is longer than what the model was trained with, but YaRN is off. */
    NEEDED,
    /** YaRN is on, and the prompt is long enough for it. */
    IN_USE,
    /** YaRN is on, but the prompt would do without; short texts lose a little quality by it. */
    IN_USE_WITHOUT_NEED
  }

  /**
   * Tells whether the prompt can be sent as it is.
   *
   * @return whether there is room for it and one token of a reply
   */
  public boolean fits() {
    return replyTokens > 0;
  }
}
