package dev.qwq.engine;

/**
 * What an engine was set up with, every default resolved.
 *
 * @param backend what computes
 * @param isa instruction set in use, or {@code reference}
 * @param threads threads that compute, the engine thread included
 * @param vocabSize rows of the embedding matrix; token ids are below it
 * @param contextLength most tokens of a conversation, prompt and answer together
 * @param kvBlockSize tokens a KV block holds
 * @param kvBlocks blocks of the KV cache; one full context always fits
 * @param kvLayout how the KV cache keeps and orders elements: {@code f16}, {@code f32}, {@code
 *     q8_0}, {@code i16} or {@code i8}
 * @param kvBytesPerToken bytes of KV cache a token takes
 * @param kvCacheBytes bytes of the whole KV cache
 * @param workspaceBytes bytes of all other buffers
 * @param maxBatchTokens most tokens of one step
 * @param maxSequences most generations that run at the same time
 * @param maxQueued most generations that wait beside {@code maxSequences} running ones
 */
public record EngineInfo(
    BackendKind backend,
    String isa,
    int threads,
    int vocabSize,
    int contextLength,
    int kvBlockSize,
    int kvBlocks,
    String kvLayout,
    long kvBytesPerToken,
    long kvCacheBytes,
    long workspaceBytes,
    int maxBatchTokens,
    int maxSequences,
    int maxQueued) {

  /**
   * Returns how many tokens the KV cache keeps, all conversations together.
   *
   * @return tokens
   */
  public long kvCacheTokens() {
    return (long) kvBlocks * kvBlockSize;
  }
}
