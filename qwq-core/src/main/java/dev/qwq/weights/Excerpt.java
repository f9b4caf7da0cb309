package dev.qwq.weights;

/** What a file says, as far as a message can carry it. */
public final class Excerpt {
  private static final int MAX_CHARACTERS = 120;

  private Excerpt() {}

  /**
   * Shortens a text and replaces its control characters.
   *
   * @param text any text
   * @return at most 120 characters of it
   */
  public static String of(String text) {
    StringBuilder excerpt = new StringBuilder();
    text.codePoints()
        .limit(MAX_CHARACTERS)
        .forEach(c -> excerpt.appendCodePoint(Character.isISOControl(c) ? '\uFFFD' : c));
    return text.codePointCount(0, text.length()) > MAX_CHARACTERS
        ? excerpt + "…"
        : excerpt.toString();
  }
}
