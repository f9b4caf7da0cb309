package dev.qwq.chat.jinja;

/** Finds strings in strings in time proportional to their lengths, however hostile they are. */
final class Search {
  // Up to this length the simple search costs little even at its worst.
  private static final int SHORT = 16;

  private Search() {}

  static int indexOf(String text, String wanted, int from) {
    if (wanted.length() <= SHORT) {
      return text.indexOf(wanted, from);
    }
    // Knuth, Morris and Pratt: border[i] is the length of the longest proper border of the first i.
    int[] border = borders(wanted);
    int matched = 0;
    for (int i = from; i < text.length(); i++) {
      while (matched > 0 && text.charAt(i) != wanted.charAt(matched)) {
        matched = border[matched];
      }
      if (text.charAt(i) == wanted.charAt(matched)) {
        matched++;
      }
      if (matched == wanted.length()) {
        return i + 1 - matched;
      }
    }
    return -1;
  }

  private static int[] borders(String wanted) {
    int[] border = new int[wanted.length() + 1];
    int length = 0;
    for (int i = 1; i < wanted.length(); i++) {
      while (length > 0 && wanted.charAt(i) != wanted.charAt(length)) {
        length = border[length];
      }
      if (wanted.charAt(i) == wanted.charAt(length)) {
        length++;
      }
      border[i + 1] = length;
    }
    return border;
  }

  /** The last place that ends at or before {@code to}. */
  static int lastIndexOf(String text, String wanted, int to) {
    if (wanted.length() <= SHORT) {
      return text.lastIndexOf(wanted, to - wanted.length());
    }
    String reversedText = new StringBuilder(text).reverse().toString();
    String reversed = new StringBuilder(wanted).reverse().toString();
    int at = indexOf(reversedText, reversed, text.length() - to);
    return at < 0 ? -1 : text.length() - at - wanted.length();
  }
}
