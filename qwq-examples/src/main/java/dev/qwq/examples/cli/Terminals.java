package dev.qwq.examples.cli;

/** Text for terminals. */
final class Terminals {
  private Terminals() {}

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
}
