package dev.qwq.engine;

import dev.qwq.engine.GenerationEnd.Reason;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts on the engine thread, and shows the counts to others as they were after the last step, so
 * that whoever looks never waits for one.
 */
final class EngineMeter {
  private static final double RECENT = 0.1; // weight of the last step in the averages

  private final AtomicLong submitted = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  // From here on: the engine thread's.
  private final Map<Reason, Long> ends = new EnumMap<>(Reason.class);
  private long promptTokens;
  private long cachedTokens;
  private long generatedTokens;
  private long draftedTokens;
  private long acceptedTokens;
  private long steps;
  private long stepNanos;
  private double nanosPerDecodeStep;

  private volatile EngineCounters shown;

  EngineMeter(int blocks) {
    shown =
        new EngineCounters(
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, blocks, 0, 0);
  }

  /** A generation was accepted. Any thread. */
  void submitted() {
    submitted.incrementAndGet();
  }

  /** A generation found the queue full. Any thread. */
  void refused() {
    refused.incrementAndGet();
  }

  /** A generation had its first turn. */
  void begun(int prompt, int cached) {
    promptTokens += prompt;
    cachedTokens += cached;
  }

  /** More of a running generation's prompt was found in the cache. */
  void found(int tokens) {
    cachedTokens += tokens;
  }

  void generated(int tokens) {
    generatedTokens += tokens;
  }

  void guessed(int drafted, int accepted) {
    draftedTokens += drafted;
    acceptedTokens += accepted;
  }

  /**
   * A step was done.
   *
   * @param decodeOnly whether nothing but running answers were in it
   */
  void step(long nanos, boolean decodeOnly) {
    steps++;
    stepNanos += nanos;
    if (decodeOnly) {
      nanosPerDecodeStep =
          nanosPerDecodeStep == 0
              ? nanos
              : nanosPerDecodeStep + RECENT * (nanos - nanosPerDecodeStep);
    }
  }

  /** What a step that only decodes takes; 0 before the first. */
  double nanosPerDecodeStep() {
    return nanosPerDecodeStep;
  }

  void ended(Reason reason) {
    ends.merge(reason, 1L, Long::sum);
  }

  private long endsBy(Reason reason) {
    return ends.getOrDefault(reason, 0L);
  }

  /** Shows the counts so far. */
  void show(Scheduler scheduler, KvMemory memory, double nanosPerPromptToken) {
    BlockPool pool = memory.pool();
    int free = pool.obtainable() - pool.kept();
    shown =
        new EngineCounters(
            submitted.get(),
            refused.get(),
            endsBy(Reason.STOP),
            endsBy(Reason.LENGTH) + endsBy(Reason.REPETITION),
            endsBy(Reason.CANCELLED),
            endsBy(Reason.DEADLINE),
            endsBy(Reason.FAILED),
            promptTokens,
            cachedTokens,
            generatedTokens,
            draftedTokens,
            acceptedTokens,
            steps,
            stepNanos,
            scheduler.preemptions(),
            pool.evictions(),
            memory.copies(),
            memory.hits(),
            scheduler.running(),
            scheduler.waiting(),
            pool.size() - pool.obtainable(),
            pool.kept(),
            free,
            perSecond(nanosPerPromptToken),
            perSecond(nanosPerDecodeStep));
  }

  private static double perSecond(double nanos) {
    return nanos == 0 ? 0 : 1e9 / nanos;
  }

  /** The counts as they were shown last. Any thread. */
  EngineCounters shown() {
    return shown;
  }
}
