package dev.qwq.examples.cli;

import dev.qwq.Model;
import dev.qwq.ModelOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Opens models, and shows how it goes. */
final class Models {
  private Models() {}

  /**
   * Opens a model.
   *
   * @param err where a progress bar goes while weights are read; null for none
   */
  static Model open(Path path, ModelOptions.Builder options, @Nullable PrintWriter err) {
    if (err == null) {
      return Model.open(path, options.build());
    }
    LoadBar bar = new LoadBar(err);
    try {
      return Model.open(path, options.loadProgress(bar::step).build());
    } finally {
      bar.progress.close();
    }
  }

  private static final class LoadBar {
    private final PrintWriter err;
    private Progress progress = Progress.NONE;
    private long total;
    private long last;

    LoadBar(PrintWriter err) {
      this.err = err;
    }

    boolean step(long loaded, long total) {
      // Weights that were read are copied to devices then, which is counted anew.
      if (progress == Progress.NONE || total != this.total || loaded < last) {
        progress.close();
        progress = Progress.begin(err, "Loading", " MB", 1_000_000, total);
        this.total = total;
      }
      last = loaded;
      progress.stepTo(loaded);
      return true;
    }
  }
}
