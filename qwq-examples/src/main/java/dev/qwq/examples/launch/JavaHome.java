package dev.qwq.examples.launch;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/** An installed Java runtime that can be started. */
final class JavaHome implements Comparable<JavaHome> {
  private final Path path;
  private final int[] version;

  private JavaHome(Path path, int[] version) {
    this.path = path;
    this.version = version;
  }

  /**
   * Reads a folder's {@code release} file.
   *
   * @param folder what may be the home of a runtime
   * @return the runtime; empty if there is none, or none that says its version
   */
  static Optional<JavaHome> at(Path folder) {
    Path release = folder.resolve("release");
    if (!Files.isRegularFile(release) || !Files.isExecutable(executable(folder))) {
      return Optional.empty();
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(release, StandardCharsets.UTF_8)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
    int[] version = version(properties.getProperty("JAVA_VERSION", ""));
    return version[0] == 0 ? Optional.empty() : Optional.of(new JavaHome(folder, version));
  }

  /**
   * Reads a version: {@code 25.0.3}, {@code 26-ea}, {@code 1.8.0_442}.
   *
   * @param text the version, quoted or not
   * @return feature, interim and update number; 0 for what is not there
   */
  static int[] version(String text) {
    String[] parts = text.replace("\"", "").trim().split("[.+_-]", -1);
    int first = parts[0].equals("1") ? 1 : 0;
    int[] version = new int[3];
    for (int i = 0; i < version.length && first + i < parts.length; i++) {
      if (!parts[first + i].matches("[0-9]{1,6}")) {
        break;
      }
      version[i] = Integer.parseInt(parts[first + i]);
    }
    return version;
  }

  private static Path executable(Path home) {
    Path windows = home.resolve("bin").resolve("java.exe");
    return Files.exists(windows) ? windows : home.resolve("bin").resolve("java");
  }

  Path path() {
    return path;
  }

  Path executable() {
    return executable(path);
  }

  /** The number Java releases are known by: 8, 17, 25. */
  int feature() {
    return version[0];
  }

  /** Orders by fitness: the lowest feature release first, of it the newest update. */
  @Override
  public int compareTo(JavaHome other) {
    int order = Integer.compare(version[0], other.version[0]);
    for (int i = 1; order == 0 && i < version.length; i++) {
      order = Integer.compare(other.version[i], version[i]);
    }
    return order;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JavaHome
        && path.equals(((JavaHome) other).path)
        && compareTo((JavaHome) other) == 0;
  }

  @Override
  public int hashCode() {
    return path.hashCode();
  }

  @Override
  public String toString() {
    return "Java " + version[0] + " in " + path;
  }
}
