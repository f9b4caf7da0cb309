package dev.qwq.chat.jinja;

/**
 * A string in a template, its escapes resolved as Python does.
 *
 * @param value what it stands for
 * @param end the position after its closing quote
 */
record StringLiteral(String value, int end) {
  /** Reads the literal whose quote is at {@code from}. */
  static StringLiteral read(String text, int from) {
    char quote = text.charAt(from);
    StringBuilder value = new StringBuilder();
    int at = from + 1;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == quote) {
        return new StringLiteral(value.toString(), at + 1);
      }
      if (c == '\\' && at + 1 < text.length()) {
        at = escape(text, at, value);
      } else {
        value.append(c);
        at++;
      }
    }
    throw new TemplateError("expected " + quote + " to end this string, found none", from);
  }

  /** Resolves the escape at a backslash and returns the position after it. */
  private static int escape(String text, int backslash, StringBuilder out) {
    char c = text.charAt(backslash + 1);
    int next = backslash + 2;
    switch (c) {
      case '\n' -> {}
      case '\\', '\'', '"' -> out.append(c);
      case 'n' -> out.append('\n');
      case 't' -> out.append('\t');
      case 'r' -> out.append('\r');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'a' -> out.append('\u0007');
      case 'v' -> out.append('\u000b');
      case 'x' -> next = hex(text, backslash, 2, out);
      case 'u' -> next = hex(text, backslash, 4, out);
      case 'U' -> next = hex(text, backslash, 8, out);
      case 'N' -> next = named(text, backslash, out);
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        int code = 0;
        next = backslash + 1;
        while (next < backslash + 4 && next < text.length() && isOctal(text.charAt(next))) {
          code = 8 * code + text.charAt(next++) - '0';
        }
        out.append((char) code);
      }
      default -> out.append('\\').append(c);
    }
    return next;
  }

  private static boolean isOctal(char c) {
    return c >= '0' && c <= '7';
  }

  private static int hex(String text, int backslash, int digits, StringBuilder out) {
    int end = backslash + 2 + digits;
    long code = 0;
    for (int i = backslash + 2; i < end; i++) {
      int digit = i < text.length() ? Character.digit(text.charAt(i), 16) : -1;
      if (digit < 0) {
        throw new TemplateError("expected " + digits + " hexadecimal digits here", backslash);
      }
      code = 16 * code + digit;
    }
    if (code > Character.MAX_CODE_POINT) {
      throw new TemplateError("expected a character up to \\U0010ffff here", backslash);
    }
    out.appendCodePoint((int) code);
    return end;
  }

  private static int named(String text, int backslash, StringBuilder out) {
    int close = text.indexOf('}', backslash);
    if (close < 0 || text.charAt(backslash + 2) != '{') {
      throw new TemplateError("expected \\N{name of a character} here", backslash);
    }
    String name = text.substring(backslash + 3, close);
    try {
      out.appendCodePoint(Character.codePointOf(name));
    } catch (IllegalArgumentException e) {
      throw new TemplateError("found no character named \"" + name + "\"", backslash);
    }
    return close + 1;
  }
}
