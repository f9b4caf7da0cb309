package dev.qwq;

import java.time.Duration;

/**
 * What a reply took.
 *
 * @param promptTokens tokens of the prompt: the whole conversation so far, as the template writes
 *     it
 * @param cachedTokens how many of them were in the KV cache and needed no computing
 * @param thinkingTokens generated tokens of the thinking, its closing marker included
 * @param answerTokens all other generated tokens: answer, tool calls, the end token
 * @param forcedTokens how many of both were written into the reply rather than drawn: the end of
 *     thinking whose {@link ThinkingBudget} was used up
 * @param draftedTokens tokens that were guessed and checked, see {@link Speculation}
 * @param acceptedTokens how many of them were right, and are part of the reply
 * @param thinkingTime from the first token of the thinking to its last
 * @param timeToFirstToken from the call to the first generated token, waiting in the queue
 *     included; zero if none came
 * @param tokensPerSecond speed of generation after the first token; 0 if there were fewer than two
 */
public record Usage(
    int promptTokens,
    int cachedTokens,
    int thinkingTokens,
    int answerTokens,
    int forcedTokens,
    int draftedTokens,
    int acceptedTokens,
    Duration thinkingTime,
    Duration timeToFirstToken,
    double tokensPerSecond) {

  /**
   * Returns all tokens that were generated.
   *
   * @return thinking and answer together
   */
  public int generatedTokens() {
    return thinkingTokens + answerTokens;
  }
}
