package dev.qwq.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;

/**
 * Text to ids: added tokens out, normalisation, words, merges.
 *
 * <p>Bytes that are no UTF-8 travel through text as lone low surrogates, U+DC80 to U+DCFF, which
 * cannot occur in text otherwise: {@link #replaceLoneSurrogates} sees to that for callers' strings.
 */
final class TextEncoder {
  private static final int ESCAPE = 0xDC00;

  private final boolean nfc;
  private final Bpe bpe;
  private final AddedTokens addedTokens;
  private final WordCache cache = new WordCache();

  TextEncoder(TokenizerData data, Bpe bpe, AddedTokens addedTokens) {
    nfc = data.nfc();
    this.bpe = bpe;
    this.addedTokens = addedTokens;
  }

  /**
   * Encodes a text.
   *
   * @param trusted pairs of begin and end, ascending: an added token is one only if it lies wholly
   *     inside such a range
   */
  int[] encode(String text, int[] trusted) {
    IntBuffer out = new IntBuffer(text.length() / 3);
    Bpe.Workspace work = new Bpe.Workspace();
    int done = 0;
    for (int range = 0; range < trusted.length; range += 2) {
      int from = trusted[range];
      int to = trusted[range + 1];
      while (from < to) {
        long match = addedTokens.findFirst(text, from, to);
        if (match < 0) {
          break;
        }
        int at = (int) (match >>> 32);
        int id = (int) match;
        encodeOrdinary(text, done, at, work, out);
        out.add(id);
        done = at + addedTokens.length(id);
        from = done;
      }
    }
    encodeOrdinary(text, done, text.length(), work, out);
    return out.toArray(0);
  }

  private void encodeOrdinary(String text, int from, int to, Bpe.Workspace work, IntBuffer out) {
    if (nfc && mayNeedNormalizing(text, from, to)) {
      String ordered = CanonicalOrder.sortLongRuns(text.substring(from, to));
      String normal = Normalizer.normalize(ordered, Normalizer.Form.NFC);
      encodeWords(normal, 0, normal.length(), work, out);
    } else {
      encodeWords(text, from, to, work, out);
    }
  }

  private void encodeWords(String text, int from, int to, Bpe.Workspace work, IntBuffer out) {
    int at = from;
    while (at < to) {
      int end = QwenWords.end(text, at, to);
      if (end - at > WordCache.MAX_WORD) {
        merge(text, at, end, work, out);
      } else {
        int hash = WordCache.hash(text, at, end);
        if (!cache.find(hash, text, at, end, out)) {
          int first = out.size();
          merge(text, at, end, work, out);
          cache.offer(hash, text, at, end, out, first);
        }
      }
      at = end;
    }
  }

  private void merge(String text, int from, int to, Bpe.Workspace work, IntBuffer out) {
    work.clear();
    addBytes(text, from, to, work);
    bpe.merge(work, out);
  }

  private void addBytes(String text, int from, int to, Bpe.Workspace work) {
    int at = from;
    while (at < to) {
      char c = text.charAt(at++);
      if (c < 0x80) {
        add(c, work);
      } else if (c < 0x800) {
        add(0xC0 | c >> 6, work);
        add(0x80 | c & 0x3F, work);
      } else if (Character.isHighSurrogate(c)) {
        int codePoint = Character.toCodePoint(c, text.charAt(at++));
        add(0xF0 | codePoint >> 18, work);
        add(0x80 | codePoint >> 12 & 0x3F, work);
        add(0x80 | codePoint >> 6 & 0x3F, work);
        add(0x80 | codePoint & 0x3F, work);
      } else if (isEscapedByte(c)) {
        add(unescapeByte(c), work);
      } else {
        add(0xE0 | c >> 12, work);
        add(0x80 | c >> 6 & 0x3F, work);
        add(0x80 | c & 0x3F, work);
      }
    }
  }

  private void add(int b, Bpe.Workspace work) {
    work.add(bpe.byteId((byte) b));
  }

  // Everything below U+0300 is in form C whatever stands beside it.
  private static boolean mayNeedNormalizing(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text.charAt(i) >= 0x300) {
        return CanonicalOrder.mayHaveLongRuns(text, i, to)
            || !Normalizer.isNormalized(CharBuffer.wrap(text, from, to), Normalizer.Form.NFC);
      }
    }
    return false;
  }

  static boolean isEscapedByte(int c) {
    return c >= ESCAPE + 0x80 && c <= ESCAPE + 0xFF;
  }

  static int unescapeByte(int c) {
    return c - ESCAPE;
  }

  /** Reads surrogates without a mate as U+FFFD. */
  static String replaceLoneSurrogates(String text) {
    StringBuilder repaired = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      if (repaired == null) {
        repaired = new StringBuilder(text);
      }
      repaired.setCharAt(i, '\uFFFD');
    }
    return repaired == null ? text : repaired.toString();
  }

  /** Decodes UTF-8; bytes that are none become escapes. */
  static String escapeInvalidBytes(byte[] utf8) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      return escapeByteByByte(utf8);
    }
  }

  private static String escapeByteByByte(byte[] utf8) {
    StringBuilder text = new StringBuilder(utf8.length);
    StringBuilder decoded = new StringBuilder(2);
    int at = 0;
    while (at < utf8.length) {
      int length = sequenceLength(utf8[at] & 0xFF);
      boolean valid = false;
      if (length > 0 && at + length <= utf8.length) {
        Utf8Decoder decoder = new Utf8Decoder();
        decoded.setLength(0);
        for (int i = 0; i < length; i++) {
          decoder.accept(utf8[at + i], decoded);
        }
        decoder.finish(decoded);
        // U+FFFD itself is a character of three bytes; as a replacement it shows after other bytes.
        valid =
            decoded.codePointCount(0, decoded.length()) == 1
                && (decoded.charAt(0) != '\uFFFD'
                    || length == 3
                        && (utf8[at] & 0xFF) == 0xEF
                        && (utf8[at + 1] & 0xFF) == 0xBF
                        && (utf8[at + 2] & 0xFF) == 0xBD);
      }
      if (valid) {
        text.append(decoded);
        at += length;
      } else {
        text.append((char) (ESCAPE + (utf8[at] & 0xFF)));
        at++;
      }
    }
    return text.toString();
  }

  private static int sequenceLength(int lead) {
    if (lead < 0x80) {
      return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
      return 0;
    }
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  }
}
