package dev.qwq;

import java.nio.file.Files;
import java.nio.file.Path;

/** The trained tiny model that the examples bring along, for tests that need real replies. */
public final class TinyModel {
  static final String STRAWBERRY = "How many r's are in the word \"strawberry\"";

  private static final String FOLDER = "qwq-examples/src/main/resources/dev/qwq/examples/tiny";

  private TinyModel() {}

  /** The folder that holds the whole project. */
  static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return here.endsWith("qwq-core") ? here.resolve("..").normalize() : here;
  }

  static Path path() {
    Path folder = root().resolve(FOLDER);
    if (!Files.isDirectory(folder)) {
      throw new IllegalStateException("the tests need " + folder);
    }
    return folder;
  }

  /** Opens the model on this machine's best instruction set. */
  public static Model open() {
    return Model.open(path());
  }

  static Model open(Backend backend) {
    return Model.open(path(), ModelOptions.builder().backend(backend).build());
  }

  static GenerationOptions greedy() {
    return GenerationOptions.builder().sampler(Sampler.greedy()).build();
  }

  static GenerationOptions seeded(long seed) {
    return GenerationOptions.builder()
        .sampler(Sampler.builder().temperature(0.8f).topP(0.95f).topK(40).seed(seed).build())
        .build();
  }
}
