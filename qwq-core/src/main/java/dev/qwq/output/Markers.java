package dev.qwq.output;

/** Finds strings in text that arrives in pieces. */
final class Markers {
  private Markers() {}

  /**
   * Returns how many characters at the end of the text may be the beginning of the marker, and must
   * wait for more: the longest proper prefix of the marker that the text ends in.
   */
  static int heldBack(CharSequence text, String marker) {
    int most = Math.min(text.length(), marker.length() - 1);
    for (int length = most; length > 0; length--) {
      if (endsInPrefix(text, marker, length)) {
        return length;
      }
    }
    return 0;
  }

  private static boolean endsInPrefix(CharSequence text, String marker, int length) {
    int start = text.length() - length;
    for (int i = 0; i < length; i++) {
      if (text.charAt(start + i) != marker.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Returns where the first character stands that is no blank space; the length if none does. */
  static int firstVisible(CharSequence text) {
    return firstVisible(text, 0);
  }

  /** The same for a text that is known to be blank up to {@code from}. */
  static int firstVisible(CharSequence text, int from) {
    int at = from;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at;
  }
}
