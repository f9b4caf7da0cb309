package dev.qwq.examples.cli;

import java.io.PrintWriter;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A progress bar on standard error, if a person is watching; it vanishes when it is done. */
final class Progress implements AutoCloseable {
  private static final int WIDTH = 78;

  /** Keeps its peace: for logs and files. */
  static final Progress NONE = new Progress(null);

  private final @Nullable ProgressBar bar;

  private Progress(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  /**
   * Begins a bar.
   *
   * @param task what goes on, a word
   * @param unit what is counted, with a blank before it
   * @param unitSize how many of what {@link #stepTo} is told make one unit
   * @param total where it ends; -1 if nobody knows
   */
  static Progress begin(PrintWriter err, String task, String unit, long unitSize, long total) {
    return new Progress(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .setUnit(unit, unitSize)
            .setStyle(ProgressBarStyle.UNICODE_BLOCK)
            .setUpdateIntervalMillis(100)
            .showSpeed()
            .setConsumer(
                new DelegatingProgressBarConsumer(
                    line -> {
                      err.print("\r" + line);
                      err.flush();
                    },
                    WIDTH) {
                  @Override
                  public void close() {
                    err.print("\r" + " ".repeat(WIDTH) + "\r");
                    err.flush();
                  }
                })
            .build());
  }

  void stepTo(long done) {
    if (bar != null) {
      bar.stepTo(done);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
