package dev.qwq.engine;

/**
 * How much of an engine is in use, and what it has done since it was opened.
 *
 * @param blocks KV blocks in all
 * @param obtainableBlocks how many of them no generation has
 * @param idle whether nothing runs or waits
 * @param evictions KV blocks that were taken from conversations that did not run
 * @param preemptions generations that gave way to others
 * @param copies KV blocks that were copied because two conversations went on from them
 * @param hits KV blocks that were found computed by another conversation
 */
public record EngineLoad(
    int blocks,
    int obtainableBlocks,
    boolean idle,
    long evictions,
    long preemptions,
    long copies,
    long hits) {

  /**
   * Asks an engine, between two of its steps.
   *
   * @param engine the engine
   * @return what is in use
   */
  public static EngineLoad of(Engine engine) {
    SchedulerLoop.Load load = engine.load().join();
    return new EngineLoad(
        engine.info().kvBlocks(),
        load.obtainableBlocks(),
        load.idle(),
        load.evictions(),
        load.preemptions(),
        load.copies(),
        load.hits());
  }
}
