package dev.qwq.chat.jinja;

import java.time.Clock;

/** One rendering: its clock and what it has used of its limits. Used by one thread. */
final class Context {
  /** Levels of expressions, statements, macro calls and values inside each other. */
  static final int MAX_DEPTH = 600;

  /** The largest list that a template may make; the sandbox of jinja2 limits ranges so. */
  static final int MAX_RANGE = 100_000;

  // Characters and list elements made in all, for each character of output that is allowed: bounds
  // memory, for what is made can be kept.
  private static final int WORK_PER_CHARACTER = 64;
  private static final int STEPS_PER_LOOK_AT_THE_CLOCK = 1 << 12;

  private final RenderLimits limits;
  private final Clock clock;
  private final long begin = System.nanoTime();
  private final long nanos;
  private final long maxWork;
  private long work;
  private int depth;
  private int untilLook = STEPS_PER_LOOK_AT_THE_CLOCK;

  Context(RenderLimits limits, Clock clock) {
    this.limits = limits;
    this.clock = clock;
    nanos = limits.time().toNanos();
    maxWork = Math.max((long) limits.textLength() * WORK_PER_CHARACTER, 1 << 20);
  }

  /** Steps, characters and elements so far. */
  long work() {
    return work;
  }

  Clock clock() {
    return clock;
  }

  /** Counts one small piece of work. */
  void step() {
    work++;
    if (--untilLook <= 0) {
      look();
    }
  }

  /** Counts characters or elements made or looked at. */
  void spend(long units) {
    work += units;
    untilLook -= (int) Math.min(units / 16 + 1, STEPS_PER_LOOK_AT_THE_CLOCK);
    if (untilLook <= 0) {
      look();
    }
    if (work > maxWork) {
      throw new TemplateError(
          "work limit exceeded: more than " + maxWork + " characters and list elements made");
    }
  }

  /** Counts a value that an operation made. */
  Object charge(Object value) {
    if (value instanceof Text text) {
      spend(text.length());
    } else if (value instanceof Sequence sequence) {
      spend(sequence.items().size());
    } else {
      step();
    }
    return value;
  }

  private void look() {
    untilLook = STEPS_PER_LOOK_AT_THE_CLOCK;
    if (System.nanoTime() - begin > nanos) {
      throw new TemplateError("time limit exceeded: " + limits.time().toMillis() + " ms");
    }
  }

  void checkLength(long length) {
    if (length > limits.textLength()) {
      throw tooLong();
    }
  }

  TemplateError tooLong() {
    return new TemplateError(
        "output limit exceeded: text of more than " + limits.textLength() + " characters");
  }

  void checkElements(long count) {
    if (count > maxWork / WORK_PER_CHARACTER) {
      throw new TemplateError("size limit exceeded: a list of " + count + " elements");
    }
  }

  /** Goes one level deeper; {@link #leave} in a finally. */
  void enter() {
    if (++depth > MAX_DEPTH) {
      depth--;
      throw new TemplateError("depth limit exceeded: " + MAX_DEPTH + " levels inside each other");
    }
  }

  void leave() {
    depth--;
  }
}
