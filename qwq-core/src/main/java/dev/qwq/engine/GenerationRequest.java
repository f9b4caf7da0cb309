package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What to generate. Arrays are copied in and not out.
 *
 * @param prompt the whole token history of the conversation, at least one token. What the
 *     sequence's KV cache already holds of it is not computed again.
 * @param sampling how tokens are drawn
 * @param maxTokens most tokens to generate, 1 or more; fewer come where the context ends first
 * @param stopTokens ids that end the generation; the one that did is reported like any other token
 * @param mask says which tokens may come first, and through its successors which after that; null
 *     allows all
 * @param steering steers the generation while it runs; null: nobody does
 */
public record GenerationRequest(
    int[] prompt,
    SamplingParameters sampling,
    int maxTokens,
    int[] stopTokens,
    @Nullable TokenMask mask,
    @Nullable Steering steering) {

  /** Copies the arrays and checks what does not depend on the model. */
  public GenerationRequest {
    prompt = prompt.clone();
    stopTokens = stopTokens.clone();
    Objects.requireNonNull(sampling, "sampling");
    if (prompt.length == 0) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "prompt: expected at least one token, found none");
    }
    if (maxTokens < 1) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "maxTokens: expected 1 or more, found " + maxTokens);
    }
  }

  /**
   * Creates a request that nobody steers.
   *
   * @param prompt the whole token history
   * @param sampling how tokens are drawn
   * @param maxTokens most tokens to generate
   * @param stopTokens ids that end the generation
   * @param mask says which tokens may come; null allows all
   */
  public GenerationRequest(
      int[] prompt,
      SamplingParameters sampling,
      int maxTokens,
      int[] stopTokens,
      @Nullable TokenMask mask) {
    this(prompt, sampling, maxTokens, stopTokens, mask, null);
  }

  /**
   * Creates a request without a mask, that nobody steers.
   *
   * @param prompt the whole token history
   * @param sampling how tokens are drawn
   * @param maxTokens most tokens to generate
   * @param stopTokens ids that end the generation
   */
  public GenerationRequest(
      int[] prompt, SamplingParameters sampling, int maxTokens, int... stopTokens) {
    this(prompt, sampling, maxTokens, stopTokens, null, null);
  }
}
