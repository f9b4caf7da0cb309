package dev.qwq.examples.desktop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The window on a virtual display, used with keys and mouse by {@link WindowDriver}. */
class WindowTest {
  @Test
  void aPersonCanChat() throws Exception {
    Optional<Display> started = Display.open();
    assumeThat(started).as("a virtual display (Debian package xvfb)").isPresent();
    try (Display display = started.orElseThrow()) {
      ProcessBuilder builder =
          new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              System.getProperty("java.class.path"),
              WindowDriver.class.getName(),
              Path.of("target").toAbsolutePath().toString());
      builder.environment().put("DISPLAY", display.name());
      Path log = Path.of("target", "window-test.log");
      Process driver = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
      boolean ended = driver.waitFor(120, TimeUnit.SECONDS);
      if (!ended) {
        driver.destroyForcibly().waitFor();
      }
      String report = Files.readString(log);
      assertThat(ended).as(report).isTrue();
      assertThat(report).contains("answered", "unfolded", "stopped", "restarted", "closed");
      assertThat(driver.exitValue()).as(report).isZero();
    }
  }
}
