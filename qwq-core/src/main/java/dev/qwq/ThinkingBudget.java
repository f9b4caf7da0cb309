package dev.qwq;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How long a model may think, and how its thinking ends when that is used up.
 *
 * <p>By default it ends hard: {@code </think>} and the blank lines that follow it in the model's
 * own replies are written at once, and the answer begins. {@linkplain #withNudge Softly}, a
 * sentence is written into the thinking before that, so that the model answers as one that made up
 * its mind. What is written counts as generated and comes on top of the budget.
 *
 * <p>Only tokens of the thinking count. A model that does not think, or has done so, is left alone.
 * A character or a marker that the model has begun to write is finished first. The same budget in
 * tokens gives the same reply for the same seed; one in time depends on the machine.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class ThinkingBudget {
  /** The sentence of {@link #withNudge()}. */
  public static final String DEFAULT_NUDGE =
      "I have thought about this long enough, so I will stop here and answer with what I have"
          + " worked out.";

  private static final ThinkingBudget UNLIMITED = new ThinkingBudget(Integer.MAX_VALUE, null, null);

  private final int tokens;
  private final @Nullable Duration time;
  private final @Nullable String nudge;

  private ThinkingBudget(int tokens, @Nullable Duration time, @Nullable String nudge) {
    this.tokens = tokens;
    this.time = time;
    this.nudge = nudge;
  }

  /**
   * Returns a budget without a limit: thinking ends when the model or {@link
   * ReplyStream#endThinking()} ends it.
   *
   * @return no limit, hard
   */
  public static ThinkingBudget unlimited() {
    return UNLIMITED;
  }

  /**
   * Limits thinking by its tokens.
   *
   * @param tokens the most, 0 or more; with 0 the model does not think at all
   * @return a hard budget
   * @throws QwqException with {@code INVALID_ARGUMENT} if it is negative
   */
  public static ThinkingBudget ofTokens(int tokens) {
    if (tokens < 0) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "thinkingBudget.tokens: expected 0 or more, found " + tokens);
    }
    return new ThinkingBudget(tokens, null, null);
  }

  /**
   * Limits thinking by the time since it began: reading the prompt and waiting do not count.
   *
   * @param time the longest, 0 or more; checked after each token
   * @return a hard budget
   * @throws QwqException with {@code INVALID_ARGUMENT} if it is negative
   */
  public static ThinkingBudget ofTime(Duration time) {
    return UNLIMITED.orTime(time);
  }

  /**
   * Limits the time as well: whatever is used up first ends the thinking.
   *
   * @param limit the longest, 0 or more
   * @return a budget that differs in its time
   * @throws QwqException with {@code INVALID_ARGUMENT} if it is negative
   */
  public ThinkingBudget orTime(Duration limit) {
    if (limit.isNegative()) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "thinkingBudget.time: expected 0 or more, found " + limit);
    }
    return new ThinkingBudget(tokens, limit, nudge);
  }

  /**
   * Ends the thinking softly, with {@link #DEFAULT_NUDGE}.
   *
   * @return a soft budget
   */
  public ThinkingBudget withNudge() {
    return withNudge(DEFAULT_NUDGE);
  }

  /**
   * Ends the thinking softly, with a sentence on a paragraph of its own.
   *
   * @param sentence what the model is made to think last, in its own voice; special tokens in it
   *     are ordinary text
   * @return a soft budget
   * @throws QwqException with {@code INVALID_ARGUMENT} if it is blank or holds {@code </think>}
   */
  public ThinkingBudget withNudge(String sentence) {
    Objects.requireNonNull(sentence, "nudge");
    if (sentence.isBlank() || sentence.contains("</think>")) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "thinkingBudget.nudge: expected text without </think>, found \"" + sentence + "\"");
    }
    return new ThinkingBudget(tokens, time, sentence.strip());
  }

  /**
   * Returns the limit in tokens.
   *
   * @return 0 or more; {@link Integer#MAX_VALUE}: none
   */
  public int tokens() {
    return tokens;
  }

  /**
   * Returns the limit in time.
   *
   * @return the longest; empty: none
   */
  public Optional<Duration> time() {
    return Optional.ofNullable(time);
  }

  /**
   * Returns the sentence that ends the thinking softly.
   *
   * @return the sentence; empty: it ends hard
   */
  public Optional<String> nudge() {
    return Optional.ofNullable(nudge);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ThinkingBudget budget
        && tokens == budget.tokens
        && Objects.equals(time, budget.time)
        && Objects.equals(nudge, budget.nudge);
  }

  @Override
  public int hashCode() {
    return Objects.hash(tokens, time, nudge);
  }

  @Override
  public String toString() {
    return "ThinkingBudget[tokens=%s, time=%s, nudge=%s]"
        .formatted(tokens == Integer.MAX_VALUE ? "unlimited" : tokens, time, nudge);
  }
}
