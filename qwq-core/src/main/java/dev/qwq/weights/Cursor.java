package dev.qwq.weights;

import dev.qwq.MalformedFileException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads little-endian values one after the other; running out of file is a typed error. */
final class Cursor {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final MemorySegment bytes;
  private long position;

  Cursor(Path file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  long position() {
    return position;
  }

  long remaining() {
    return bytes.byteSize() - position;
  }

  /** Returns what lies between two positions. */
  MemorySegment slice(long from, long to) {
    return bytes.asSlice(from, to - from);
  }

  byte readByte(String field) {
    return bytes.get(ValueLayout.JAVA_BYTE, advance(field, 1));
  }

  short readShort(String field) {
    return bytes.get(SHORT, advance(field, 2));
  }

  int readInt(String field) {
    return bytes.get(INT, advance(field, 4));
  }

  long readLong(String field) {
    return bytes.get(LONG, advance(field, 8));
  }

  /** Reads an unsigned 64-bit number that is to be no larger than a limit. */
  long readCount(String field, long limit) {
    long count = readLong(field);
    if (count < 0 || count > limit) {
      throw new MalformedFileException(
          file, field, "a number from 0 to " + limit, Long.toUnsignedString(count));
    }
    return count;
  }

  /** Copies bytes out of the file; the length is checked before the array is made. */
  byte[] readBytes(String field, long length) {
    long start = advance(field, length);
    byte[] copy = new byte[Math.toIntExact(length)];
    MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, start, copy, 0, copy.length);
    return copy;
  }

  /**
   * Reads a string: length in 64 bits, then UTF-8.
   *
   * @param strict whether bytes that are no UTF-8 are an error rather than U+FFFD
   */
  String readString(String field, int maxLength, boolean strict) {
    byte[] utf8 = readBytes(field, readCount(field, maxLength));
    if (strict) {
      for (byte b : utf8) {
        if (b < 0) {
          return decode(field, utf8);
        }
      }
    }
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private String decode(String field, byte[] utf8) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedFileException(
          file, field, "UTF-8", Excerpt.of(new String(utf8, StandardCharsets.UTF_8)));
    }
  }

  private long advance(String field, long length) {
    if (length > remaining()) {
      throw new MalformedFileException(
          file,
          field,
          length + " bytes at offset " + position,
          remaining() == 0 ? "the end of the file" : "only " + remaining());
    }
    long start = position;
    position += length;
    return start;
  }
}
