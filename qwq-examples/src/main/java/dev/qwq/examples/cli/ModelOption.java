package dev.qwq.examples.cli;

import dev.qwq.examples.BundledModel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which model. */
final class ModelOption {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "FILE|DIR",
      description =
          "GGUF file or Hugging Face folder (default: the tiny reasoning model that comes along).")
  private @Nullable Path model;

  /** Tells whether a model was named. */
  boolean isGiven() {
    return model != null;
  }

  /** Returns the model's path; the bundled model is unpacked if need be. */
  Path path() {
    return model != null ? model : BundledModel.path();
  }
}
