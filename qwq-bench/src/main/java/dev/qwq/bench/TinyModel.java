package dev.qwq.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** The tiny model that comes with the examples, unpacked into a temporary folder. */
public final class TinyModel implements AutoCloseable {
  private static final List<String> FILES =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "model.safetensors");

  private final Path folder;

  private TinyModel(Path folder) {
    this.folder = folder;
  }

  /**
   * Unpacks the model.
   *
   * @return the model; close it
   * @throws IOException if it cannot be written
   */
  public static TinyModel unpack() throws IOException {
    TinyModel model = new TinyModel(Files.createTempDirectory("qwq-bench-tiny"));
    for (String file : FILES) {
      String resource = "/dev/qwq/examples/tiny/" + file;
      try (InputStream in =
          Objects.requireNonNull(TinyModel.class.getResourceAsStream(resource), resource)) {
        Files.copy(in, model.folder.resolve(file));
      }
    }
    return model;
  }

  /**
   * Returns where it is.
   *
   * @return a Hugging Face folder
   */
  public Path folder() {
    return folder;
  }

  @Override
  public void close() throws IOException {
    for (String file : FILES) {
      Files.deleteIfExists(folder.resolve(file));
    }
    Files.deleteIfExists(folder);
  }
}
