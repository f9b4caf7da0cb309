package dev.qwq;

import java.time.Duration;

/**
 * What a model has done since it was opened, and what it is doing, as of the end of its last step.
 *
 * @param replies replies by how they ended
 * @param tokens tokens that were read and written
 * @param queue who runs and waits
 * @param cache the KV cache
 * @param steps passes of a batch of tokens through the model
 * @param stepTime time spent in them
 * @param promptTokensPerSecond speed of reading the last prompts of at least 32 tokens; 0 before
 *     the first
 * @param tokensPerSecond speed of the last replies, each for itself; 0 before the first
 */
public record ModelMetrics(
    Replies replies,
    Tokens tokens,
    Queue queue,
    Cache cache,
    long steps,
    Duration stepTime,
    double promptTokensPerSecond,
    double tokensPerSecond) {

  /**
   * Replies, texts completed without a session among them. All numbers only grow.
   *
   * @param accepted were begun or wait for it
   * @param refused found the queue full
   * @param stopped ended by themselves or by a stop string
   * @param limited reached a limit on tokens, or were stopped in a loop
   * @param cancelled were cancelled; a stop string cancels, too
   * @param expired whose time limit had passed
   * @param failed failed
   */
  public record Replies(
      long accepted,
      long refused,
      long stopped,
      long limited,
      long cancelled,
      long expired,
      long failed) {}

  /**
   * Tokens. All numbers only grow.
   *
   * @param prompt of prompts
   * @param cached how many of these were in the KV cache and needed no computing
   * @param generated of replies
   * @param drafted that were guessed and checked, see {@link Speculation}
   * @param accepted how many of these were right
   */
  public record Tokens(long prompt, long cached, long generated, long drafted, long accepted) {}

  /**
   * Who runs and waits.
   *
   * @param running replies being generated now
   * @param waiting replies that wait for their turn now
   * @param preemptions how often a running reply had to give way so far; it goes on later
   */
  public record Queue(int running, int waiting, long preemptions) {}

  /**
   * The KV cache, in tokens.
   *
   * @param usedTokens room that running replies have taken
   * @param keptTokens room of what nobody uses now, kept in case it is wanted again
   * @param freeTokens room that holds nothing
   * @param evictedTokens how much was given away so far because free room had run out
   * @param copiedTokens room that was copied so far because two conversations went on from it
   * @param sharedTokens how much was found so far that another conversation had computed
   */
  public record Cache(
      long usedTokens,
      long keptTokens,
      long freeTokens,
      long evictedTokens,
      long copiedTokens,
      long sharedTokens) {}
}
