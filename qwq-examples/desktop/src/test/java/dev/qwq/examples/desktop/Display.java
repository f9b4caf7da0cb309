package dev.qwq.examples.desktop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A virtual X server with a screen that nobody sees. */
final class Display implements AutoCloseable {
  private final Process server;
  private final String name;

  private Display(Process server, String name) {
    this.server = server;
    this.name = name;
  }

  /** Starts one; empty where there is no Xvfb (Debian package xvfb). */
  static Optional<Display> open() {
    Process server;
    try {
      server =
          new ProcessBuilder("Xvfb", "-displayfd", "1", "-screen", "0", "900x760x24")
              .redirectError(Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      return Optional.empty();
    }
    try {
      BufferedReader out =
          new BufferedReader(
              new InputStreamReader(server.getInputStream(), StandardCharsets.US_ASCII));
      String number = out.readLine();
      if (number != null) {
        return Optional.of(new Display(server, ":" + number.strip()));
      }
    } catch (IOException e) {
      // As if it had not started.
    }
    server.destroy();
    return Optional.empty();
  }

  String name() {
    return name;
  }

  @Override
  public void close() {
    server.destroy();
  }
}
