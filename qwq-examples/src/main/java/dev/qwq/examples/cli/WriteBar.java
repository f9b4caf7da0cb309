package dev.qwq.examples.cli;

import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** The progress of a file that is being written, and the way to stop it. */
final class WriteBar implements AutoCloseable {
  private final @Nullable PrintWriter err;
  private Progress progress = Progress.NONE;
  private volatile boolean stopped;

  /**
   * Creates a bar.
   *
   * @param err where it goes; null if nobody watches
   */
  WriteBar(@Nullable PrintWriter err) {
    this.err = err;
  }

  void stop() {
    stopped = true;
  }

  /** Takes note of bytes; false once {@link #stop} was called. */
  boolean step(long done, long total) {
    if (err != null && progress == Progress.NONE) {
      progress = Progress.begin(err, "Writing", " MB", 1_000_000, total);
    }
    progress.stepTo(done);
    return !stopped;
  }

  @Override
  public void close() {
    progress.close();
  }
}
