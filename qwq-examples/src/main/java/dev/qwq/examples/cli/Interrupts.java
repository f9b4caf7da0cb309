package dev.qwq.examples.cli;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jline.utils.Signals;

/**
 * Hears Ctrl-C while it is open. The first stops what goes on; the next, for those who cannot wait,
 * ends the program.
 */
final class Interrupts implements AutoCloseable {
  /** Exit status of programs that Ctrl-C ended: 128 and the signal's number. */
  static final int STATUS = 130;

  // A launcher in between may deliver one Ctrl-C twice.
  private static final long ECHO_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  private static final Duration LAST_MOMENT = Duration.ofSeconds(1);

  private final Runnable action;
  private final AtomicInteger count = new AtomicInteger();
  private final Object previous;
  private volatile long first;

  private Interrupts(Runnable action) {
    this.action = action;
    this.previous = Signals.register("INT", this::interrupted);
  }

  /** Calls an action, on some thread, when Ctrl-C comes first. */
  static Interrupts call(Runnable action) {
    return new Interrupts(action);
  }

  /** Tells whether Ctrl-C came. */
  boolean came() {
    return count.get() > 0;
  }

  private void interrupted() {
    if (count.getAndIncrement() == 0) {
      first = System.nanoTime();
      action.run();
    } else if (System.nanoTime() - first > ECHO_NANOS) {
      end();
    }
  }

  /** Ends the process, after a moment in which unfinished files are removed. */
  private static void end() {
    Thread.ofPlatform().daemon().start(() -> Runtime.getRuntime().exit(STATUS));
    try {
      Thread.sleep(LAST_MOMENT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(STATUS);
  }

  @Override
  public void close() {
    Signals.unregister("INT", previous);
  }
}
