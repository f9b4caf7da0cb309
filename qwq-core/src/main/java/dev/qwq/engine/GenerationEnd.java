package dev.qwq.engine;

import dev.qwq.QwqException;
import org.jspecify.annotations.Nullable;

/**
 * How a generation ended. Times are those of the wall clock, and 0 for phases that were not
 * reached.
 *
 * @param reason why
 * @param promptTokens tokens of the prompt
 * @param cachedTokens tokens of the prompt that were in the KV cache before
 * @param generatedTokens tokens generated, the stop token and forced ones included
 * @param forcedTokens how many of them a {@link Steering} forced
 * @param draftedTokens tokens that were guessed and checked
 * @param acceptedTokens how many of them were right
 * @param queueNanos from submission to the generation's first turn, in nanoseconds
 * @param prefillNanos from its first turn to its first token
 * @param decodeNanos from its first token to its end
 * @param failure what went wrong; not null if and only if the reason is {@code FAILED}
 */
public record GenerationEnd(
    Reason reason,
    int promptTokens,
    int cachedTokens,
    int generatedTokens,
    int forcedTokens,
    int draftedTokens,
    int acceptedTokens,
    long queueNanos,
    long prefillNanos,
    long decodeNanos,
    @Nullable QwqException failure) {

  /** Why a generation ended. */
  public enum Reason {
    /** A stop token was generated. */
    STOP,
    /** {@code maxTokens} tokens were generated, or the context is full. */
    LENGTH,
    /** A {@link Steering} found the same tokens repeated over and over. */
    REPETITION,
    /** The time for it had passed. */
    DEADLINE,
    /** Cancelled by the user, or the sequence or the engine was closed. */
    CANCELLED,
    /** Something went wrong. */
    FAILED
  }
}
