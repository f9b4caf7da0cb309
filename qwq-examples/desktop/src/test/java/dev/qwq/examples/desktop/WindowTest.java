package dev.qwq.examples.desktop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.charset.StandardCharsets;
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
      Process driver = builder.redirectErrorStream(true).start();
      String report = new String(driver.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(driver.waitFor(60, TimeUnit.SECONDS)).as(report).isTrue();
      assertThat(report).contains("answered", "unfolded", "stopped", "restarted", "closed");
      assertThat(driver.exitValue()).as(report).isZero();
    }
  }
}
