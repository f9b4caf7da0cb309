package dev.qwq.nativelib;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;

/**
 * What the native build made for these tests. Where the build was told to leave it out
 * (-Dqwq.native.skip), the tests that need it are skipped; everywhere else its absence fails them.
 */
final class NativeBuild {
  private NativeBuild() {}

  /** A file of the build folder. */
  static Path file(String name) {
    assumeBuilt();
    Path file = Path.of(property("qwq.native.build"), name);
    assertThat(file).isRegularFile();
    return file;
  }

  /** The header that library and bindings are made from. */
  static Path header() {
    Path file = Path.of(property("qwq.native.header"));
    assertThat(file).isRegularFile();
    return file;
  }

  static void assumeBuilt() {
    assumeTrue(
        !Boolean.parseBoolean(property("qwq.native.skip")),
        "the native library was not built: -Dqwq.native.skip");
  }

  private static String property(String name) {
    String value = System.getProperty(name);
    assertThat(value).as("system property %s, set by the build", name).isNotNull();
    return value;
  }
}
