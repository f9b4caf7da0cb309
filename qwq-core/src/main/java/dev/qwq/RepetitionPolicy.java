package dev.qwq;

/**
 * What happens when a reply goes round in circles: when its end is one span of tokens, repeated
 * exactly, over and over. Some models, QwQ among them, never get out of that.
 *
 * <p>A loop is found when the same span has come at least {@link #minRepeats()} times in a row and
 * these are at least {@link #minTokens()} tokens together, for spans of 1 to {@link #maxPeriod()}
 * tokens. With the defaults, 4 times, 512 tokens and spans of up to 512, a separator of 80 dashes,
 * a number with 300 zeros, a table of 20 equal rows or a matrix of 10 by 10 zeros is none; a
 * paragraph of 130 tokens said four times is. Spans that differ in a single token, such as numbered
 * lines, are no loop. Looking for loops takes constant work a token and changes nothing.
 *
 * <p>Immutable and safe for use by many threads.
 *
 * @param action what to do
 * @param penaltyStep with {@link Action#RAISE_PRESENCE_PENALTY}: by how much, above 0, at most 2
 * @param penaltyRaises with {@link Action#RAISE_PRESENCE_PENALTY}: how often, 1 or more
 * @param minTokens how long the repetition must be, 1 to 65,536 tokens
 * @param minRepeats how often the span must come, 2 to 1,000 times
 * @param maxPeriod longest span that is looked for, in tokens: 1 or more, and at most 65,536 when
 *     repeated {@code minRepeats} times
 */
public record RepetitionPolicy(
    Action action,
    float penaltyStep,
    int penaltyRaises,
    int minTokens,
    int minRepeats,
    int maxPeriod) {
  /** The highest presence penalty that a policy sets; more makes models write nonsense. */
  public static final float MAX_PRESENCE_PENALTY = 2;

  private static final RepetitionPolicy REPORT = of(Action.REPORT, 0.5f, 3);

  /** What to do about a loop. */
  public enum Action {
    /** Nothing: loops are not looked for. */
    OFF,
    /** {@link ChatEvent.RepetitionDetected}, and nothing else. The default. */
    REPORT,
    /** The reply ends with {@link FinishReason#REPETITION}. */
    STOP,
    /**
     * The presence penalty is raised from here on, and again if a loop comes again; when it has
     * been raised as often and as far as allowed, the next loop ends the reply.
     */
    RAISE_PRESENCE_PENALTY,
    /**
     * The thinking ends as if its {@linkplain ThinkingBudget budget} were used up; a loop in the
     * answer ends the reply.
     */
    END_THINKING
  }

  /** Checks every value. */
  public RepetitionPolicy {
    check(penaltyStep > 0 && penaltyStep <= 2, "penaltyStep", "above 0, at most 2", penaltyStep);
    check(penaltyRaises >= 1, "penaltyRaises", "1 or more", penaltyRaises);
    check(minTokens >= 1 && minTokens <= 65_536, "minTokens", "1 to 65536", minTokens);
    check(minRepeats >= 2 && minRepeats <= 1000, "minRepeats", "2 to 1000", minRepeats);
    check(
        maxPeriod >= 1 && (long) maxPeriod * minRepeats <= 65_536,
        "maxPeriod",
        "1 to 65536 / minRepeats",
        maxPeriod);
  }

  private static RepetitionPolicy of(Action action, float step, int raises) {
    return new RepetitionPolicy(action, step, raises, 512, 4, 512);
  }

  /**
   * Looks for no loops.
   *
   * @return the policy
   */
  public static RepetitionPolicy off() {
    return of(Action.OFF, 0.5f, 3);
  }

  /**
   * Reports loops; the default.
   *
   * @return the policy
   */
  public static RepetitionPolicy report() {
    return REPORT;
  }

  /**
   * Ends replies that loop.
   *
   * @return the policy
   */
  public static RepetitionPolicy stop() {
    return of(Action.STOP, 0.5f, 3);
  }

  /**
   * Raises the presence penalty of replies that loop, to at most {@link #MAX_PRESENCE_PENALTY}.
   *
   * @param step by how much, above 0, at most 2
   * @param raises how often, 1 or more
   * @return the policy
   */
  public static RepetitionPolicy raisePresencePenalty(float step, int raises) {
    return of(Action.RAISE_PRESENCE_PENALTY, step, raises);
  }

  /**
   * Ends the thinking of replies that loop while they think, and replies that loop in the answer.
   *
   * @return the policy
   */
  public static RepetitionPolicy endThinking() {
    return of(Action.END_THINKING, 0.5f, 3);
  }

  /**
   * Returns this policy with another idea of what a loop is.
   *
   * @param tokens how long the repetition must be, 1 to 65,536 tokens
   * @param repeats how often the span must come, 2 to 1,000 times
   * @param longestSpan longest span that is looked for, in tokens
   * @return a policy that differs in these
   */
  public RepetitionPolicy withThresholds(int tokens, int repeats, int longestSpan) {
    return new RepetitionPolicy(action, penaltyStep, penaltyRaises, tokens, repeats, longestSpan);
  }

  private static void check(boolean good, String field, String expected, Object found) {
    if (!good) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "repetition.%s: expected %s, found %s".formatted(field, expected, found));
    }
  }
}
