package dev.qwq.bench.jmh;

import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Prose, source code, numbers and other scripts in turn, made up; the same each time. */
final class MixedText {
  private static final String[] SYLLABLES = {
    "ba", "cor", "den", "fil", "gra", "hem", "in", "jo", "kla", "lu", "mar", "nes", "or", "pli",
    "qua", "res", "sto", "tan", "um", "vel", "wex", "yar", "zi", "tion", "er", "ing", "ed", "s"
  };
  private static final String[] KEYWORDS = {
    "if", "else", "for", "while", "return", "static final", "int", "new", "throw", "public class"
  };
  private static final String[] ENDS = {". ", ", ", "! ", "? ", "; ", ": ", "'s ", " — ", ".\n\n"};
  // First code point and count of some scripts: accented Latin, Cyrillic, Greek, Chinese, Hangul,
  // Arabic, emoji.
  private static final int[][] SCRIPTS = {
    {0xC0, 0x40},
    {0x410, 0x40},
    {0x3B1, 0x18},
    {0x4E00, 0x1000},
    {0xAC00, 0x800},
    {0x627, 0x20},
    {0x1F600, 0x40}
  };

  private final Random random;
  private final StringBuilder text = new StringBuilder();

  private MixedText(long seed) {
    random = new Random(seed);
  }

  /** Makes a text of at least so many bytes of UTF-8, less a paragraph. */
  static String ofBytes(int bytes, long seed) {
    MixedText mixed = new MixedText(seed);
    int size = 0;
    int start = 0;
    while (size < bytes) {
      mixed.paragraph();
      String added = mixed.text.substring(start);
      size += added.getBytes(StandardCharsets.UTF_8).length;
      start = mixed.text.length();
    }
    return mixed.text.toString();
  }

  private void paragraph() {
    switch (random.nextInt(8)) {
      case 0, 1, 2, 3 -> prose();
      case 4, 5 -> code();
      case 6 -> numbers();
      default -> script();
    }
  }

  private void prose() {
    for (int w = 20 + random.nextInt(80); w > 0; w--) {
      word(random.nextInt(12) == 0);
      text.append(random.nextInt(7) == 0 ? pick(ENDS) : " ");
    }
    text.append("\n");
  }

  private void word(boolean capital) {
    int start = text.length();
    for (int s = 1 + random.nextInt(3); s > 0; s--) {
      text.append(pick(SYLLABLES));
    }
    if (capital) {
      text.setCharAt(start, Character.toUpperCase(text.charAt(start)));
    }
  }

  private void code() {
    int depth = 0;
    for (int line = 5 + random.nextInt(20); line > 0; line--) {
      text.repeat(' ', 2 * depth).append(pick(KEYWORDS)).append(" (");
      word(false);
      text.append('_');
      word(false);
      text.append(random.nextBoolean() ? " == " : " += ").append(random.nextInt(10_000));
      if (depth < 4 && random.nextBoolean()) {
        text.append(") {\n");
        depth++;
      } else {
        text.append(");  // ");
        word(true);
        text.append('\n');
      }
      if (depth > 0 && random.nextInt(3) == 0) {
        depth--;
        text.repeat(' ', 2 * depth).append("}\n");
      }
    }
  }

  private void numbers() {
    for (int n = 10 + random.nextInt(30); n > 0; n--) {
      text.append(random.nextInt(1_000_000)).append(random.nextInt(5) == 0 ? "\n" : ", ");
      text.append(random.nextDouble()).append('\t');
    }
    text.append("\n");
  }

  private void script() {
    int[] script = SCRIPTS[random.nextInt(SCRIPTS.length)];
    for (int c = 40 + random.nextInt(160); c > 0; c--) {
      text.appendCodePoint(script[0] + random.nextInt(script[1]));
      if (random.nextInt(6) == 0) {
        text.append(' ');
      }
    }
    text.append("\r\n");
  }

  private String pick(String[] from) {
    return from[random.nextInt(from.length)];
  }
}
