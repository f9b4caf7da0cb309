package dev.qwq.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Published test data that lies beside the repository where there is any. */
public final class Shared {
  private Shared() {}

  /** Returns a file of {@code ../shared/data}, or skips the test. */
  public static Path data(String name) {
    Path root = Path.of("").toAbsolutePath();
    if (root.endsWith("qwq-core")) {
      root = root.getParent();
    }
    Path file = root.resolve("../shared/data").resolve(name).normalize();
    assumeTrue(Files.exists(file), () -> "skipped: no " + file);
    return file;
  }

  /** Puts the published Qwen2 vocabulary into a folder as a model has it. */
  public static Tokenizer qwen2(Path folder) throws IOException {
    Files.copy(data("tokenizer/vocab.json"), folder.resolve("vocab.json"));
    Files.copy(data("tokenizer/merges.qwen2.txt"), folder.resolve("merges.txt"));
    Files.copy(data("tokenizer/added_tokens.json"), folder.resolve("added_tokens.json"));
    return Tokenizer.open(folder);
  }
}
