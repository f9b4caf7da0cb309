package dev.qwq.tokenizer;

/**
 * Cuts text into the words of Qwen's pre-tokenizer, which Hugging Face states as the expression
 *
 * <pre>
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*
 *   |\s*[\r\n]+|\s+(?!\S)|\s+
 * </pre>
 *
 * <p>This is that expression by hand: no backtracking over long runs, no stack, Unicode classes
 * whatever flags an engine has. {@code \s} is the Unicode property White_Space.
 */
final class QwenWords {
  private static final byte OTHER = 0;
  private static final byte LETTER = 1;
  private static final byte NUMBER = 2;
  private static final byte SPACE = 3;
  private static final byte NEWLINE = 4;

  private static final byte[] BASIC_PLANE = new byte[0x10000];

  static {
    for (int c = 0; c < BASIC_PLANE.length; c++) {
      BASIC_PLANE[c] = classify(c);
    }
  }

  private QwenWords() {}

  /** Returns the end of the word that begins at {@code from}; the text ends at {@code to}. */
  static int end(String text, int from, int to) {
    int c = codePoint(text, from, to);
    int next = from + Character.charCount(c);
    if (c == '\'') {
      int end = contraction(text, next, to);
      if (end > 0) {
        return end;
      }
    }
    byte type = type(c);
    switch (type) {
      case LETTER:
        return skip(text, next, to, LETTER);
      case NUMBER:
        return next;
      case NEWLINE:
        return blanks(text, from, to);
      default:
        if (next < to && type(codePoint(text, next, to)) == LETTER) {
          return skip(text, next, to, LETTER);
        }
        if (type == OTHER) {
          return skipNewlines(text, skip(text, next, to, OTHER), to);
        }
        if (c == ' ' && next < to && type(codePoint(text, next, to)) == OTHER) {
          return skipNewlines(text, skip(text, next, to, OTHER), to);
        }
        return blanks(text, from, to);
    }
  }

  // \s*[\r\n]+|\s+(?!\S)|\s+ : up to the last line end of the run; else the run, but for its last
  // character if a word follows, which takes that one along.
  private static int blanks(String text, int from, int to) {
    int end = from;
    int afterNewline = -1;
    while (end < to) {
      byte type = type(text.charAt(end)); // no white space outside of the basic plane
      if (type == NEWLINE) {
        afterNewline = end + 1;
      } else if (type != SPACE) {
        break;
      }
      end++;
    }
    if (afterNewline > 0) {
      return afterNewline;
    }
    return end == to || end == from + 1 ? end : end - 1;
  }

  private static int contraction(String text, int at, int to) {
    if (at >= to) {
      return -1;
    }
    char second = at + 1 < to ? text.charAt(at + 1) : 0;
    switch (text.charAt(at)) {
      case 's', 'S', '\u017F', 't', 'T', 'm', 'M', 'd', 'D': // U+017F, long s, folds to s
        return at + 1;
      case 'r', 'R', 'v', 'V':
        return second == 'e' || second == 'E' ? at + 2 : -1;
      case 'l', 'L':
        return second == 'l' || second == 'L' ? at + 2 : -1;
      default:
        return -1;
    }
  }

  private static int skip(String text, int from, int to, byte type) {
    int at = from;
    while (at < to) {
      int c = codePoint(text, at, to);
      if (type(c) != type) {
        break;
      }
      at += Character.charCount(c);
    }
    return at;
  }

  private static int skipNewlines(String text, int from, int to) {
    int at = from;
    while (at < to && (text.charAt(at) == '\n' || text.charAt(at) == '\r')) {
      at++;
    }
    return at;
  }

  private static int codePoint(String text, int at, int to) {
    char c = text.charAt(at);
    if (Character.isHighSurrogate(c) && at + 1 < to) {
      char low = text.charAt(at + 1);
      if (Character.isLowSurrogate(low)) {
        return Character.toCodePoint(c, low);
      }
    }
    return c;
  }

  private static byte type(int c) {
    return c < BASIC_PLANE.length ? BASIC_PLANE[c] : classify(c);
  }

  private static byte classify(int c) {
    if (c == '\n' || c == '\r') {
      return NEWLINE;
    }
    if (c >= '\t' && c <= '\r' || c == 0x85) {
      return SPACE;
    }
    return switch (Character.getType(c)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
          SPACE;
      default -> OTHER;
    };
  }
}
