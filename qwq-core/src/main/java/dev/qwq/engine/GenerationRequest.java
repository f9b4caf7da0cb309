package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What to generate. Arrays are copied in and not out.
 *
 * @param prompt the whole token history of the conversation, at least one token. What the
 *     sequence's KV cache already holds of it is not computed again.
 * @param resumed how many of the prompt's last tokens are not prompt but the beginning of this very
 *     generation: they count as generated for the numeric recipe, penalties, mask and random draws,
 *     so that what follows is what would have followed them then. Not for {@code maxTokens}
 * @param sampling how tokens are drawn
 * @param maxTokens most tokens to generate, 1 or more; fewer come where the context ends first
 * @param stopTokens ids that end the generation; the one that did is reported like any other token
 * @param mask says which tokens may come first, and through its successors which after that; null
 *     allows all
 * @param steering steers the generation while it runs; null: nobody does
 * @param scheduling when it is to run
 * @param speculation who guesses its next tokens; changes nothing but speed
 */
public record GenerationRequest(
    int[] prompt,
    int resumed,
    SamplingParameters sampling,
    int maxTokens,
    int[] stopTokens,
    @Nullable TokenMask mask,
    @Nullable Steering steering,
    Scheduling scheduling,
    Speculation speculation) {

  /**
   * When a generation is to run.
   *
   * @param priority a generation of higher priority gets its turn first, and takes the place of
   *     running ones of lower priority if there is no room beside them; 0 is normal
   * @param timeLimit the generation ends with {@link GenerationEnd.Reason#DEADLINE} when this has
   *     passed since it was submitted, waiting included; zero: no limit
   */
  public record Scheduling(int priority, Duration timeLimit) {
    /** Normal priority, no limit. */
    public static final Scheduling NORMAL = new Scheduling(0, Duration.ZERO);

    /** Checks the limit. */
    public Scheduling {
      if (timeLimit.isNegative()) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT, "timeLimit: expected 0 or more, found " + timeLimit);
      }
    }
  }

  /** Copies the arrays and checks what does not depend on the model. */
  public GenerationRequest {
    prompt = prompt.clone();
    stopTokens = stopTokens.clone();
    Objects.requireNonNull(sampling, "sampling");
    Objects.requireNonNull(scheduling, "scheduling");
    Objects.requireNonNull(speculation, "speculation");
    if (prompt.length == 0) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "prompt: expected at least one token, found none");
    }
    if (resumed < 0 || resumed > prompt.length) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "resumed: expected 0 to %d, found %d".formatted(prompt.length, resumed));
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
    this(
        prompt, 0, sampling, maxTokens, stopTokens, mask, null, Scheduling.NORMAL, Speculation.OFF);
  }

  /**
   * Creates a request of normal priority without a time limit.
   *
   * @param prompt the whole token history
   * @param sampling how tokens are drawn
   * @param maxTokens most tokens to generate
   * @param stopTokens ids that end the generation
   * @param mask says which tokens may come; null allows all
   * @param steering steers the generation; null: nobody does
   */
  public GenerationRequest(
      int[] prompt,
      SamplingParameters sampling,
      int maxTokens,
      int[] stopTokens,
      @Nullable TokenMask mask,
      @Nullable Steering steering) {
    this(
        prompt,
        0,
        sampling,
        maxTokens,
        stopTokens,
        mask,
        steering,
        Scheduling.NORMAL,
        Speculation.OFF);
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
    this(
        prompt, 0, sampling, maxTokens, stopTokens, null, null, Scheduling.NORMAL, Speculation.OFF);
  }

  /**
   * Returns this request, to run at another time.
   *
   * @param value when
   * @return a request that is otherwise the same
   */
  public GenerationRequest scheduled(Scheduling value) {
    return new GenerationRequest(
        prompt, resumed, sampling, maxTokens, stopTokens, mask, steering, value, speculation);
  }

  /**
   * Returns this request, going on with a generation that was interrupted.
   *
   * @param tokens how many of the prompt's last tokens are that generation's first ones
   * @return a request that is otherwise the same
   */
  public GenerationRequest resuming(int tokens) {
    return new GenerationRequest(
        prompt, tokens, sampling, maxTokens, stopTokens, mask, steering, scheduling, speculation);
  }

  /**
   * Returns this request, with somebody who guesses.
   *
   * @param value who
   * @return a request that is otherwise the same
   */
  public GenerationRequest speculating(Speculation value) {
    return new GenerationRequest(
        prompt, resumed, sampling, maxTokens, stopTokens, mask, steering, scheduling, value);
  }
}
