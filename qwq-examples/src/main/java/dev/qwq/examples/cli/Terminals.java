package dev.qwq.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Text for terminals. */
final class Terminals {
  private Terminals() {}

  /** Tells whether a person can be assumed to read standard output. */
  static boolean outIsTerminal() {
    return isTerminal(1);
  }

  /** Tells whether a person can be assumed to read standard error. */
  static boolean errorIsTerminal() {
    return isTerminal(2);
  }

  /** Tells whether escape sequences do what they should where standard output goes. */
  static boolean outIsStyled() {
    String no = System.getenv("NO_COLOR");
    return outIsTerminal() && (no == null || no.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
  }

  private static boolean isTerminal(int descriptor) {
    Path link = Path.of("/proc/self/fd/" + descriptor);
    if (Files.isSymbolicLink(link)) {
      try {
        String target = Files.readSymbolicLink(link).toString();
        return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
      } catch (IOException e) {
        return false;
      }
    }
    return System.console() != null && System.console().isTerminal();
  }

  /** Makes blank space visible and control characters harmless. */
  static String visible(String text) {
    StringBuilder visible = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case ' ' -> visible.append('·');
                case '\n' -> visible.append("\\n");
                case '\r' -> visible.append("\\r");
                case '\t' -> visible.append("\\t");
                default -> {
                  if (Character.isISOControl(c)) {
                    visible.append(String.format("\\x%02X", c));
                  } else {
                    visible.appendCodePoint(c);
                  }
                }
              }
            });
    return visible.toString();
  }

  /**
   * Takes control characters out of what a model writes, but for line ends and tabs: an escape
   * sequence could rewrite the screen or a window's title.
   */
  static String harmless(String text) {
    StringBuilder harmless = new StringBuilder(text.length());
    text.codePoints()
        .filter(c -> c == '\n' || c == '\t' || !Character.isISOControl(c))
        .forEach(harmless::appendCodePoint);
    return harmless.toString();
  }

  /** Writes a number of bytes for people. */
  static String bytes(long bytes) {
    if (bytes < 10_000) {
      return bytes + " B";
    }
    String[] units = {"kB", "MB", "GB", "TB"};
    double value = bytes;
    int unit = -1;
    while (value >= 1000 && unit < units.length - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.2f %s" : "%.1f %s", value, units[unit]);
  }

  /** Writes a size of memory for people, as memory is sold. */
  static String gibibytes(long bytes) {
    double mebibytes = bytes / 1048576.0;
    return mebibytes < 1000
        ? String.format(Locale.ROOT, "%.0f MiB", mebibytes)
        : String.format(Locale.ROOT, "%.1f GiB", mebibytes / 1024);
  }
}
