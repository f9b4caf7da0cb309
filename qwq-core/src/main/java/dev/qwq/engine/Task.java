package dev.qwq.engine;

import dev.qwq.QwqException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Work on one sequence that takes several steps. What a task has to do next follows from its
 * sequence alone: compute the tokens of the history that are not computed yet. So a task can lose
 * its KV blocks at any time and just goes on.
 *
 * <p>Belongs to the engine thread, but for {@link #cancel} and {@link #isDone}.
 */
abstract class Task implements KvSequence.User {
  private final SchedulerLoop loop;
  private final KvSequence sequence;
  private final int[] prompt;
  private final int resumed;
  private boolean begun;
  private long turn;
  private long order;
  private final AtomicReference<GenerationEnd.@Nullable Reason> stopReason =
      new AtomicReference<>();
  private volatile boolean inStep;
  private volatile boolean done;
  private @Nullable CompletableFuture<Void> deadline;

  /**
   * Creates a task.
   *
   * @param prompt what to compute first
   * @param resumed how many of the prompt's last tokens are generated ones
   */
  Task(SchedulerLoop loop, KvSequence sequence, int[] prompt, int resumed) {
    this.loop = loop;
    this.sequence = sequence;
    this.prompt = prompt;
    this.resumed = resumed;
  }

  /** Asks the task to end; any thread, does not block, idempotent. */
  @Override
  public final void cancel() {
    cancel(GenerationEnd.Reason.CANCELLED);
  }

  /** Asks the task to end for a reason; the first one counts. */
  final void cancel(GenerationEnd.Reason reason) {
    if (!done && stopReason.compareAndSet(null, reason)) {
      asked();
      loop.cancelled(this);
    }
  }

  /** The task was asked to end. Any thread; once. */
  void asked() {}

  final SchedulerLoop loop() {
    return loop;
  }

  final boolean isCancelled() {
    return stopReason.get() != null;
  }

  /** Why the task was asked to end; null if it was not. */
  final GenerationEnd.@Nullable Reason stopReason() {
    return stopReason.get();
  }

  /** Asks the task to end when this time has passed; forever if the duration is zero. */
  final void limitTime(Duration limit) {
    if (!limit.isZero()) {
      CompletableFuture<Void> timer =
          new CompletableFuture<Void>()
              .completeOnTimeout(null, saturatedNanos(limit), TimeUnit.NANOSECONDS);
      var _ = timer.thenRun(() -> cancel(GenerationEnd.Reason.DEADLINE));
      deadline = timer;
    }
  }

  /** True once the task is over and whoever waits for it has been told; any thread. */
  final boolean isDone() {
    return done;
  }

  /** True while a step may be computing this task; any thread. */
  final boolean isInStep() {
    return inStep;
  }

  final void setInStep(boolean now) {
    inStep = now;
  }

  final KvSequence sequence() {
    return sequence;
  }

  private static long saturatedNanos(Duration limit) {
    try {
      return limit.toNanos();
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE; // 292 years
    }
  }

  /** The task ends otherwise: its time limit holds nothing up any more. */
  final void dropTimeLimit() {
    if (deadline != null) {
      deadline.cancel(false);
    }
  }

  /** Tasks of higher priority run first; of equal ones the one that came first. */
  int priority() {
    return 0;
  }

  /** Grows from task to task of an engine, in the order of their coming. */
  final long order() {
    return order;
  }

  final void setOrder(long value) {
    order = value;
  }

  final int[] prompt() {
    return prompt;
  }

  /**
   * The task may get its turn: its sequence pins what the cache has of it. Until it is resumed it
   * can be detached and attached again.
   */
  final void attach(KvMemory memory) {
    if (!begun) {
      memory.adopt(sequence, prompt, prompt.length - resumed);
    }
    memory.attach(sequence);
    extend(memory);
  }

  /** Looks for blocks that others have computed meanwhile; returns whether there were any. */
  final boolean extend(KvMemory memory) {
    int before = sequence.computed();
    if (reusesBlocks()) {
      memory.extend(sequence);
    }
    return sequence.computed() > before;
  }

  /** True if what others computed serves this task; false if it must compute every token itself. */
  boolean reusesBlocks() {
    return true;
  }

  /** The attached task gets its turn: the first one or, after a preemption, another. */
  final void resume() {
    if (!begun) {
      begun = true;
      turn = System.nanoTime();
      begin(sequence.computed());
    }
  }

  /** How long the task has been running, in nanoseconds; 0 if it never had its turn. */
  final long nanosRunning() {
    return begun ? System.nanoTime() - turn : 0;
  }

  /** Blocks of the prompt were found in the cache after the task had begun. */
  void found() {}

  /** Tokens the sequence must have room for to get on: all that are known, and one more. */
  final int tokensAhead() {
    return (begun ? sequence.history().size() : prompt.length) + 1;
  }

  /** True if all that is left to compute is the token generated last. */
  final boolean isDecoding() {
    TokenHistory history = sequence.history();
    int last = history.size() - 1;
    return sequence.computed() == last && history.role(last) == TokenRole.GENERATED;
  }

  /** How many tokens the next step may compute at most, at least 1; they have one role. */
  int runLength() {
    int from = sequence.computed();
    return sequence.history().runEnd(from) - from;
  }

  /**
   * Begins to guess tokens to be checked with the one that is computed next; only while decoding.
   *
   * @param most how many at most, 0 or more
   */
  void beginDraft(int most) {}

  /**
   * Returns how many tokens were guessed. They count as tokens of the run, behind those that are
   * known.
   */
  int draft(Drafter.Patience patience) {
    return 0;
  }

  /** How many of the guesses that the last step checked were right. */
  int verified() {
    return 0;
  }

  /** How many of the next {@code count} tokens of a run are in the history. */
  final int known(int count) {
    return Math.min(count, sequence.history().size() - sequence.computed());
  }

  /** The task is over: its sequence is free for others by now. Called once. */
  final void end(GenerationEnd.Reason reason, @Nullable QwqException failure) {
    try {
      dropTimeLimit();
      loop.finished(this);
      ended(reason, failure);
    } finally {
      done = true;
    }
  }

  /** The sequence holds the prompt now, and {@code cached} tokens of it are computed already. */
  abstract void begin(int cached);

  /** Makes ready for a step that computes {@code count} tokens; repeated if the step is. */
  abstract void prepare(int count);

  /** Adds the next {@code count} tokens, as prepared, to a step. */
  abstract void addTo(StepBatch batch, int count);

  /**
   * A step has computed {@code count} tokens as its run {@code run}, and the sequence has advanced
   * by those that were known.
   *
   * @return how the task has ended, or null if there is more to do
   */
  abstract GenerationEnd.@Nullable Reason computed(StepBatch batch, int run, int count);

  /** Frees what the task holds itself and tells whoever waits for it. */
  abstract void ended(GenerationEnd.Reason reason, @Nullable QwqException failure);
}
