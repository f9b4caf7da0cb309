package dev.qwq.chat.jinja;

import java.math.BigInteger;

/**
 * A number in a template.
 *
 * @param value a Long, BigInteger or Double
 * @param end the position after it
 */
record NumberLiteral(Object value, int end) {
  /** Reads the number that begins with a digit at {@code from}. */
  static NumberLiteral read(String text, int from) {
    int whole = digits(text, from, 10);
    boolean afterDot = from > 0 && text.charAt(from - 1) == '.';
    if (!afterDot) {
      int end = whole;
      if (end < text.length() && text.charAt(end) == '.') {
        int fraction = digits(text, end + 1, 10);
        end = fraction > end + 1 ? fraction : end;
      }
      end = exponent(text, end);
      if (end > whole) {
        return new NumberLiteral(Double.valueOf(plain(text, from, end)), end);
      }
    }
    if (text.charAt(from) != '0') {
      return integer(text, from, whole, 10);
    }
    char kind = from + 1 < text.length() ? Character.toLowerCase(text.charAt(from + 1)) : ' ';
    int radix = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
    if (radix != 10) {
      int first = from + 2;
      if (first < text.length() && text.charAt(first) == '_') {
        first++;
      }
      int end = digits(text, first, radix);
      if (end > first) {
        return integer(text, first, end, radix);
      }
    }
    int end = from + 1;
    while (end < whole && (text.charAt(end) == '0' || text.charAt(end) == '_')) {
      end++;
    }
    if (text.charAt(end - 1) == '_') {
      end--;
    }
    return new NumberLiteral(0L, end);
  }

  private static NumberLiteral integer(String text, int from, int end, int radix) {
    if (end - from > Numbers.MAX_DIGITS) {
      throw new TemplateError(
          "expected a number of at most " + Numbers.MAX_DIGITS + " digits, found more", from);
    }
    return new NumberLiteral(Numbers.of(new BigInteger(plain(text, from, end), radix)), end);
  }

  /** The position after digits that single underscores may part. */
  private static int digits(String text, int from, int radix) {
    int at = from;
    while (at < text.length()) {
      char c = text.charAt(at);
      boolean digit = c < 0x80 && Character.digit(c, radix) >= 0;
      boolean gap =
          c == '_'
              && at > from
              && at + 1 < text.length()
              && text.charAt(at + 1) < 0x80
              && Character.digit(text.charAt(at + 1), radix) >= 0;
      if (!digit && !gap) {
        break;
      }
      at++;
    }
    return at;
  }

  private static int exponent(String text, int from) {
    if (from >= text.length() || Character.toLowerCase(text.charAt(from)) != 'e') {
      return from;
    }
    int first = from + 1;
    if (first < text.length() && (text.charAt(first) == '+' || text.charAt(first) == '-')) {
      first++;
    }
    int end = digits(text, first, 10);
    return end > first ? end : from;
  }

  private static String plain(String text, int from, int to) {
    return text.substring(from, to).replace("_", "");
  }
}
