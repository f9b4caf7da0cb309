package dev.qwq.engine;

/**
 * What an engine has done so far, and what it is doing. All numbers but the last few only grow.
 *
 * @param submitted generations that were accepted
 * @param refused generations that found the queue full
 * @param stopped generations that ended by themselves
 * @param limited generations that reached a limit, or went round in circles
 * @param cancelled generations that were cancelled
 * @param expired generations whose time had passed
 * @param failed generations that failed
 * @param promptTokens prompt tokens of generations that had their turn
 * @param cachedTokens how many of them were in the KV cache
 * @param generatedTokens tokens drawn or forced
 * @param draftedTokens tokens guessed and checked
 * @param acceptedTokens how many of them were right
 * @param steps steps of the model
 * @param stepNanos time spent in them
 * @param preemptions how often a running generation gave way
 * @param evictions KV blocks given away
 * @param copiedBlocks KV blocks copied because two conversations went on from them
 * @param foundBlocks KV blocks found that somebody else had computed
 * @param running generations that run now
 * @param waiting generations that wait now
 * @param usedBlocks KV blocks of running generations
 * @param keptBlocks KV blocks that nobody uses now, kept in case they are wanted again
 * @param freeBlocks KV blocks that hold nothing
 * @param promptTokensPerSecond speed of the last prompts; 0 before the first
 * @param stepsPerSecond speed of the last steps that only decoded; 0 before the first
 */
public record EngineCounters(
    long submitted,
    long refused,
    long stopped,
    long limited,
    long cancelled,
    long expired,
    long failed,
    long promptTokens,
    long cachedTokens,
    long generatedTokens,
    long draftedTokens,
    long acceptedTokens,
    long steps,
    long stepNanos,
    long preemptions,
    long evictions,
    long copiedBlocks,
    long foundBlocks,
    int running,
    int waiting,
    int usedBlocks,
    int keptBlocks,
    int freeBlocks,
    double promptTokensPerSecond,
    double stepsPerSecond) {

  /** KV blocks that a generation could get. */
  int obtainableBlocks() {
    return keptBlocks + freeBlocks;
  }

  /** True if nothing runs and nothing waits. */
  boolean isIdle() {
    return running == 0 && waiting == 0;
  }
}
