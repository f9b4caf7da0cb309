package dev.qwq.examples.cli;

import dev.qwq.examples.BundledModel;
import java.nio.file.Path;

/** Models for tests of other packages. */
public final class TestModels {
  private TestModels() {}

  /** Returns the bundled model's folder. */
  public static Path bundled() {
    return BundledModel.path();
  }
}
