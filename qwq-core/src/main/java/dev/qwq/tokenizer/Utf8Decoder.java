package dev.qwq.tokenizer;

/**
 * Decodes UTF-8 byte by byte. An ill-formed sequence becomes one U+FFFD for each maximal subpart
 * (Unicode 3.9, "U+FFFD Substitution of Maximal Subparts"), as in Python and in web browsers.
 */
final class Utf8Decoder {
  private static final char REPLACEMENT = '\uFFFD';

  private int codePoint;
  private int missing;
  // The range of the next continuation byte: narrower than 80..BF after E0, ED, F0 and F4.
  private int lower = 0x80;
  private int upper = 0xBF;

  void accept(byte next, StringBuilder out) {
    int b = next & 0xFF;
    if (missing > 0) {
      if (b >= lower && b <= upper) {
        lower = 0x80;
        upper = 0xBF;
        codePoint = codePoint << 6 | b & 0x3F;
        if (--missing == 0) {
          out.appendCodePoint(codePoint);
        }
        return;
      }
      finish(out);
    }
    if (b < 0x80) {
      out.append((char) b);
    } else if (b >= 0xC2 && b <= 0xDF) {
      begin(b & 0x1F, 1);
    } else if (b >= 0xE0 && b <= 0xEF) {
      begin(b & 0x0F, 2);
      if (b == 0xE0) {
        lower = 0xA0; // shorter forms exist
      } else if (b == 0xED) {
        upper = 0x9F; // surrogates are no characters
      }
    } else if (b >= 0xF0 && b <= 0xF4) {
      begin(b & 0x07, 3);
      if (b == 0xF0) {
        lower = 0x90;
      } else if (b == 0xF4) {
        upper = 0x8F; // nothing above U+10FFFF
      }
    } else {
      out.append(REPLACEMENT);
    }
  }

  /** True if more bytes are needed to complete a character. */
  boolean isInsideCharacter() {
    return missing > 0;
  }

  /** Ends the text: an unfinished sequence becomes U+FFFD. */
  void finish(StringBuilder out) {
    if (missing > 0) {
      out.append(REPLACEMENT);
      missing = 0;
      lower = 0x80;
      upper = 0xBF;
    }
  }

  private void begin(int bits, int continuationBytes) {
    codePoint = bits;
    missing = continuationBytes;
  }
}
