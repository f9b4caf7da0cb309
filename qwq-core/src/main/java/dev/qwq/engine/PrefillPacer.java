package dev.qwq.engine;

/**
 * Chooses how many prompt tokens a step takes: enough that weights are read for many tokens at
 * once, few enough that steps stay short. Short steps let running answers flow while a long prompt
 * is computed, keep progress moving, and lose little when one is cancelled. How a prompt is cut
 * never changes its results.
 */
final class PrefillPacer {
  // A step with answers in it delays each of them; one with prompts only delays progress reports.
  private static final double SHARED_STEP_NANOS = 250e6;
  private static final double PREFILL_STEP_NANOS = 1e9;
  // Below this many tokens a step costs nearly the same however few they are.
  private static final int LEAST = 32;

  private double nanosPerToken;

  /**
   * Returns how many prompt tokens the next step takes.
   *
   * @param room the most that fit, at least 1
   * @param shared whether running answers are in the step
   */
  int budget(int room, boolean shared) {
    if (nanosPerToken == 0) {
      return Math.min(room, 2 * LEAST);
    }
    double fitting = (shared ? SHARED_STEP_NANOS : PREFILL_STEP_NANOS) / nanosPerToken;
    int tokens = (int) Math.min(fitting, room);
    return Math.min(room, Math.max(LEAST, tokens - tokens % LEAST));
  }

  /** What a prompt token costs, in nanoseconds; 0 if nobody knows yet. */
  double nanosPerToken() {
    return nanosPerToken;
  }

  /** A step with this many tokens in it took this long. */
  void record(int tokens, long nanos) {
    if (tokens >= LEAST) {
      double sample = (double) nanos / tokens;
      nanosPerToken = nanosPerToken == 0 ? sample : 0.5 * (nanosPerToken + sample);
    }
  }
}
