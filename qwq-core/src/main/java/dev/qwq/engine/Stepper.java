package dev.qwq.engine;

import java.lang.foreign.MemorySegment;

/** What the scheduler drives: the model, one step at a time, from one thread. */
interface Stepper extends KvMemory.Copier {
  /**
   * Computes all runs of a batch and fills its results. A step that was cancelled or failed has
   * changed nothing that a repeated step would see.
   *
   * @return false if the batch's cancel flag was seen; there are no results then
   * @throws dev.qwq.QwqException if the step failed
   */
  boolean step(StepBatch batch);

  /** Bytes of a KV block; what {@link #readBlock} and {@link #writeBlock} move. */
  long blockBytes();

  /** Copies a KV block into {@code destination}, which has {@link #blockBytes} bytes. */
  void readBlock(int block, MemorySegment destination);

  /** The inverse of {@link #readBlock}. */
  void writeBlock(int block, MemorySegment source);
}
