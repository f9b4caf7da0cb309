package dev.qwq.chat.jinja;

/** Classes of characters as Python has them. */
final class Chars {
  // Ideographs that Python counts as numeric.
  private static final String IDEOGRAPHIC_NUMBERS =
      "\u3007\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\u5343\u842c\u4e07"
          + "\u5104\u4ebf\u5146\u96f6\u58f9\u8d30\u53c1\u8086\u4f0d\u9646\u67d2\u634c\u7396\u62fe";

  // First and last of the digits that are raised, lowered, circled and so on.
  private static final String SPECIAL_DIGITS =
      "\u00b2\u00b3\u00b9\u00b9\u1369\u1371\u19da\u19da\u2070\u2070\u2074\u2079\u2080\u2089"
          + "\u2460\u2468\u2474\u247c\u2488\u2490\u24ea\u24ea\u24f5\u24fd\u24ff\u24ff"
          + "\u2776\u277e\u2780\u2788\u278a\u2792";

  private Chars() {}

  /** {@code str.isspace} for one character. */
  static boolean isSpace(int c) {
    if (c <= 0x20) {
      return c == ' ' || c >= 9 && c <= 13 || c >= 0x1C && c <= 0x1F;
    }
    return c == 0x85
        || c == 0xA0
        || c == 0x1680
        || c >= 0x2000 && c <= 0x200A
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }

  /** Whether {@code str.splitlines} cuts after it. */
  static boolean isLineEnd(int c) {
    return c >= 10 && c <= 13 || c >= 0x1C && c <= 0x1E || c == 0x85 || c == 0x2028 || c == 0x2029;
  }

  static boolean isCased(int c) {
    return Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
  }

  static boolean isDigit(int c) {
    if (Character.isDigit(c)) {
      return true;
    }
    for (int i = 0; i < SPECIAL_DIGITS.length(); i += 2) {
      if (c >= SPECIAL_DIGITS.charAt(i) && c <= SPECIAL_DIGITS.charAt(i + 1)) {
        return true;
      }
    }
    return c >= 0x1F100 && c <= 0x1F10A;
  }

  static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER
        || IDEOGRAPHIC_NUMBERS.indexOf(c) >= 0;
  }

  /** {@code str.isprintable} for one character. */
  static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  /** What {@code \w} matches. */
  static boolean isWord(int c) {
    return c == '_' || Character.isLetter(c) || isNumeric(c);
  }

  static boolean isNameStart(int c) {
    return c == '_' || Character.isUnicodeIdentifierStart(c);
  }

  static boolean isNamePart(int c) {
    return Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c);
  }

  /** The position after the blank space at {@code from}. */
  static int skipSpace(String text, int from) {
    int at = from;
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  /** The position where the blank space before {@code to} begins. */
  static int skipSpaceBack(String text, int from, int to) {
    int at = to;
    while (at > from && isSpace(text.charAt(at - 1))) {
      at--;
    }
    return at;
  }
}
