package dev.qwq.engine;

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
}
