package dev.qwq;

import dev.qwq.engine.GenerationEnd;
import dev.qwq.engine.SamplingParameters;
import dev.qwq.engine.Steering;
import dev.qwq.output.RepetitionDetector;
import dev.qwq.output.ThinkingTracker;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches over one reply on the engine's thread: its thinking budget, and whether it goes round in
 * circles. What it decides follows from the tokens, but for limits in time and {@link
 * #endThinking()}.
 */
final class ReplySteering implements Steering {
  private final @Nullable ThinkingTracker tracker;
  private final @Nullable ThinkingCloser closer;
  private final ThinkingBudget budget;
  private final long budgetNanos;
  private final RepetitionPolicy policy;
  private final TokenFeed feed;
  private final LongSupplier clock;
  private volatile boolean endRequested;

  private @Nullable RepetitionDetector detector;
  private boolean closed;
  private boolean thought;
  private long firstThought;
  private long lastThought;
  private int raises;

  /**
   * Begins a reply.
   *
   * @param tracker follows the thinking; null with {@code closer} if the model has no tokenizer
   * @param feed hears of loops, after the token that closed the last round
   * @param clock nanoseconds from anywhere
   */
  ReplySteering(
      @Nullable ThinkingTracker tracker,
      @Nullable ThinkingCloser closer,
      ThinkingBudget budget,
      RepetitionPolicy policy,
      TokenFeed feed,
      LongSupplier clock) {
    this.tracker = tracker;
    this.closer = closer;
    this.budget = budget;
    budgetNanos = budget.time().map(ReplySteering::nanos).orElse(Long.MAX_VALUE);
    this.policy = policy;
    this.feed = feed;
    this.clock = clock;
  }

  private static long nanos(Duration time) {
    try {
      return time.toNanos();
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE; // 292 years
    }
  }

  /** Ends the thinking with the next token, if there still is any. Any thread. */
  void endThinking() {
    endRequested = true;
  }

  /** How long the model has thought, from its first to its last thinking token; after the end. */
  Duration thinkingTime() {
    return Duration.ofNanos(lastThought - firstThought);
  }

  @Override
  public void resumed(int token) {
    if (tracker != null) {
      tracker.accept(token); // counts for a budget in tokens
    }
    startLooking();
    if (detector != null) {
      detector.accept(token); // of a loop that is known, the first consumer has heard
    }
  }

  private void startLooking() {
    if (detector == null && policy.action() != RepetitionPolicy.Action.OFF) {
      detector =
          new RepetitionDetector(policy.minTokens(), policy.minRepeats(), policy.maxPeriod());
    }
  }

  @Override
  public void beforeFirst(Control control) {
    startLooking(); // memory is taken only when the reply has its turn
    if (tracker != null && isUsedUp(tracker)) {
      close(control);
    }
  }

  @Override
  public void after(int token, boolean forced, Control control) {
    if (tracker != null && tracker.accept(token)) {
      lastThought = clock.getAsLong();
      if (!thought) {
        thought = true;
        firstThought = lastThought;
      }
    }
    if (detector != null) {
      int period = detector.accept(token);
      if (period > 0) {
        looping(period, detector.repeats(period), control);
      }
    }
    if (tracker != null && !closed && isUsedUp(tracker)) {
      close(control);
    }
  }

  private boolean isUsedUp(ThinkingTracker thinking) {
    return endRequested
        || thinking.tokens() >= budget.tokens()
        || lastThought - firstThought >= budgetNanos;
  }

  /** Ends the thinking as soon as there is a place to write; false if there is none any more. */
  private boolean close(Control control) {
    if (tracker == null || closer == null || closed || !tracker.thinking()) {
      return false;
    }
    if (tracker.canWrite()) {
      closed = true;
      control.force(closer.closing(tracker));
    }
    return true;
  }

  private void looping(int period, int repeats, Control control) {
    RepetitionPolicy.Action done =
        switch (policy.action()) {
          case OFF, REPORT -> RepetitionPolicy.Action.REPORT;
          case STOP -> RepetitionPolicy.Action.STOP;
          case RAISE_PRESENCE_PENALTY ->
              raise(control)
                  ? RepetitionPolicy.Action.RAISE_PRESENCE_PENALTY
                  : RepetitionPolicy.Action.STOP;
          case END_THINKING -> {
            if (close(control)) {
              endRequested = true; // in the middle of a character: after it
              yield RepetitionPolicy.Action.END_THINKING;
            }
            yield RepetitionPolicy.Action.STOP;
          }
        };
    if (done == RepetitionPolicy.Action.STOP) {
      control.end(GenerationEnd.Reason.REPETITION);
    } else if (done != RepetitionPolicy.Action.REPORT && detector != null) {
      detector.reset(); // what was done gets its chance
    }
    feed.onRepetition(period, repeats, done);
  }

  private boolean raise(Control control) {
    SamplingParameters now = control.sampling();
    float raised =
        Math.min(
            RepetitionPolicy.MAX_PRESENCE_PENALTY, now.presencePenalty() + policy.penaltyStep());
    if (raises == policy.penaltyRaises() || raised <= now.presencePenalty()) {
      return false;
    }
    raises++;
    control.sampling(
        new SamplingParameters(
            now.temperature(),
            now.topK(),
            now.topP(),
            now.minP(),
            raised,
            now.frequencyPenalty(),
            now.repetitionPenalty(),
            now.seed(),
            now.topLogprobs(),
            now.logitBias()));
    return true;
  }
}
