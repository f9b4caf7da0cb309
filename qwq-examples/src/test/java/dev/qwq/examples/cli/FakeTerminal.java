package dev.qwq.examples.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.time.Duration;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;

/** A terminal without a screen, and the person who types on it and waits for what it shows. */
final class FakeTerminal implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final PipedOutputStream keyboard = new PipedOutputStream();
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private final Terminal terminal;
  private int seen;

  FakeTerminal() throws IOException {
    terminal = new ExternalTerminal("fake", "xterm", new PipedInputStream(keyboard), screen, UTF_8);
    terminal.setSize(new Size(0, 0)); // as consoles have that nobody told theirs
  }

  Terminal terminal() {
    return terminal;
  }

  void types(String text) throws IOException {
    keyboard.write(text.getBytes(UTF_8));
    keyboard.flush();
  }

  /** Waits until a text is shown, after those waited for before. Line ends count as one. */
  void awaits(String text) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < end) {
      String shown = shown();
      int at = shown.indexOf(text, seen);
      if (at >= 0) {
        seen = at + text.length();
        return;
      }
      Thread.sleep(10);
    }
    throw new AssertionError("no '" + text + "' in: " + shown().substring(seen));
  }

  /** Waits until so many more characters are shown. */
  void awaitsMore(int characters) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (shown().length() < seen + characters) {
      if (System.nanoTime() > end) {
        throw new AssertionError("no more than: " + shown().substring(seen));
      }
      Thread.sleep(10);
    }
  }

  private String shown() {
    return screen.toString(UTF_8).replace("\r\n", "\n");
  }

  @Override
  public void close() throws IOException {
    keyboard.close();
    terminal.close();
  }
}
