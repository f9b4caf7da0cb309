package dev.qwq.chat;

import java.nio.file.Files;
import java.nio.file.Path;

/** Published test data that lies beside the repository where there is any. */
final class SharedData {
  private SharedData() {}

  static Path file(String name) {
    // Tests run in the module's folder or in the repository's.
    String root = Files.exists(Path.of("qwq-core")) ? ".." : "../..";
    return Path.of(root, "shared", "data").resolve(name).toAbsolutePath().normalize();
  }
}
