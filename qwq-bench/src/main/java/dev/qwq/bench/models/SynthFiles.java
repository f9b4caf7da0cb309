package dev.qwq.bench.models;

import dev.qwq.model.QuantizationMix;
import dev.qwq.model.Shapes;
import dev.qwq.model.SynthModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Models of random weights in a folder, written where they are not there yet. */
public final class SynthFiles {
  private SynthFiles() {}

  /**
   * Finds a shape.
   *
   * @param spec the command whose option {@code --shapes} names it
   * @throws ParameterException if there is none of this name
   */
  public static Shapes shape(CommandSpec spec, String name) {
    return Shapes.of(name)
        .orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(),
                    "--shapes: expected of " + Shapes.ids() + ", found " + name));
  }

  /**
   * Returns the file of a shape.
   *
   * @param progress is told before it is written
   */
  public static Path file(
      Path folder, Shapes shape, QuantizationMix type, int threads, Consumer<String> progress) {
    Path file = folder.resolve(shape.id() + "-" + type + ".gguf");
    if (!Files.exists(file)) {
      progress.accept("writing " + file);
      SynthModel.write(shape, type, 42, file, threads, (done, total) -> true);
    }
    return file;
  }
}
