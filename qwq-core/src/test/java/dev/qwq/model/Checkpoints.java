package dev.qwq.model;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Where test models lie. */
final class Checkpoints {
  private Checkpoints() {}

  /** Returns the folder of a committed checkpoint. */
  static Path golden(String name) {
    URL url = Checkpoints.class.getResource("/dev/qwq/golden/" + name + "/config.json");
    if (url == null) {
      throw new AssertionError("no checkpoint " + name);
    }
    try {
      return Path.of(url.toURI()).resolveSibling("");
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns a folder of {@code ../shared/data}, or skips the test. */
  static Path shared(String name) {
    Path here = Path.of("").toAbsolutePath();
    Path root = here.endsWith("qwq-core") ? here.resolve("..") : here;
    Path folder = root.resolve("../shared/data").resolve(name).normalize();
    assumeTrue(Files.exists(folder), () -> "skipped: no " + folder);
    return folder;
  }

  /** Copies a committed checkpoint to where a test may change it. */
  static Path copy(String name, Path target) {
    try (Stream<Path> files = Files.list(golden(name))) {
      Files.createDirectories(target);
      for (Path file : List.copyOf(files.toList())) {
        Files.copy(file, target.resolve(file.getFileName().toString()));
      }
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
