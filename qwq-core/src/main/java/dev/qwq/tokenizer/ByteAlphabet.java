package dev.qwq.tokenizer;

import java.nio.charset.StandardCharsets;

/**
 * The alphabet in which byte-level vocabularies spell bytes, introduced with GPT-2: printable
 * Latin-1 bytes are their own characters, the others follow from U+0100 on, so that a space is
 * {@code Ġ}.
 */
final class ByteAlphabet {
  private static final char[] CHARS = new char[256];
  private static final short[] BYTES = new short[0x144];

  static {
    java.util.Arrays.fill(BYTES, (short) -1);
    char next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      CHARS[b] = printable ? (char) b : next++;
      BYTES[CHARS[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /** Returns the character that spells a byte, 0 to 255. */
  static char spell(int b) {
    return CHARS[b];
  }

  /**
   * Returns the bytes a token stands for. A token with a character outside of the alphabet stands
   * for its own UTF-8, as in Hugging Face's decoder.
   */
  static byte[] bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      if (c >= BYTES.length || BYTES[c] < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) BYTES[c];
    }
    return bytes;
  }
}
