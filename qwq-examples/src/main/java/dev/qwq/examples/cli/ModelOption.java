package dev.qwq.examples.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which model. */
final class ModelOption {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "FILE|DIR",
      description =
          "GGUF file or Hugging Face folder (default: the tiny reasoning model that comes along).",
      showDefaultValue = picocli.CommandLine.Help.Visibility.NEVER)
  private Path model;

  /** Returns the model's path; the bundled model is unpacked if need be. */
  Path path() {
    return model != null ? model : BundledModel.path();
  }
}
