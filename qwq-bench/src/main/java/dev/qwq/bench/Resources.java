package dev.qwq.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Texts that lie beside classes. */
public final class Resources {
  private Resources() {}

  /**
   * Reads a text.
   *
   * @param beside a class of the same package
   * @param name its file name
   * @return the text
   * @throws IOException if it cannot be read
   */
  public static String text(Class<?> beside, String name) throws IOException {
    try (InputStream in = Objects.requireNonNull(beside.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
