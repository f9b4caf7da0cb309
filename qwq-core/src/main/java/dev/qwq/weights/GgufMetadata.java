package dev.qwq.weights;

import dev.qwq.MalformedFileException;
import dev.qwq.UnsupportedModelException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the key-value section of a GGUF file. The limits are far above what any model has, and keep
 * a hostile file from taking more memory than a small multiple of its size.
 */
final class GgufMetadata {
  private static final int MAX_KEYS = 1 << 16;
  private static final int MAX_KEY_BYTES = 1 << 16;
  private static final int MAX_STRING_BYTES = 64 << 20;
  private static final int MAX_ARRAY_ELEMENTS = 1 << 24;
  private static final long MAX_BYTES = 512L << 20;

  private final Path file;
  private final Cursor in;
  private final long start;

  /**
   * What the section holds.
   *
   * @param values by key, in the order of the file
   * @param raw the same as it lies in the file: type as u32, then the value
   */
  record Section(Map<String, Object> values, Map<String, MemorySegment> raw) {}

  private GgufMetadata(Path file, Cursor in) {
    this.file = file;
    this.in = in;
    start = in.position();
  }

  /** Reads {@code count} entries. */
  static Section read(Path file, Cursor in, long count) {
    return new GgufMetadata(file, in).read(count);
  }

  static long readKeyCount(Cursor in) {
    return in.readCount("number of metadata entries", MAX_KEYS);
  }

  private Section read(long count) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    Map<String, MemorySegment> raw = new LinkedHashMap<>();
    for (long i = 0; i < count; i++) {
      String key = in.readString("metadata key " + i, MAX_KEY_BYTES, true);
      String shown = Excerpt.of(key);
      // Token texts become ids, so that no byte of them may be lost; a description may be.
      boolean strict = key.startsWith("tokenizer.");
      long valueStart = in.position();
      GgufType type = readType(shown);
      Object value =
          type == GgufType.ARRAY ? readArray(shown, strict) : readValue(shown, type, strict);
      if (metadata.putIfAbsent(key, value) != null) {
        throw new MalformedFileException(file, shown, "one value", "the key a second time");
      }
      raw.put(key, in.slice(valueStart, in.position()));
    }
    return new Section(Collections.unmodifiableMap(metadata), Collections.unmodifiableMap(raw));
  }

  private GgufType readType(String field) {
    int id = in.readInt(field);
    GgufType type = GgufType.ofId(id);
    if (type == null) {
      throw new MalformedFileException(
          file, field, "a value type from 0 to 12", Integer.toUnsignedString(id));
    }
    return type;
  }

  private Object readValue(String field, GgufType type, boolean strict) {
    return switch (type) {
      case STRING -> readString(field, strict);
      case ARRAY -> throw new IllegalStateException("arrays have their own reader");
      default -> readScalars(field, type, 1).get(0);
    };
  }

  private List<Object> readArray(String field, boolean strict) {
    GgufType type = readType(field);
    if (type == GgufType.ARRAY) {
      throw new UnsupportedModelException(
          file, field, "arrays of numbers, booleans and strings", "an array of arrays");
    }
    long count = in.readCount(field + " length", MAX_ARRAY_ELEMENTS);
    if (count > in.remaining() / type.minBytes()) {
      throw new MalformedFileException(
          file,
          field,
          count + " elements of type " + type,
          in.remaining() + " bytes to the end of the file");
    }
    if (type != GgufType.STRING) {
      return readScalars(field, type, count);
    }
    List<Object> strings = new ArrayList<>((int) Math.min(count, 1 << 20));
    for (long i = 0; i < count; i++) {
      strings.add(readString(field, strict));
    }
    return Collections.unmodifiableList(strings);
  }

  private String readString(String field, boolean strict) {
    String text = in.readString(field, MAX_STRING_BYTES, strict);
    checkSize(field, in.position());
    return text;
  }

  private List<Object> readScalars(String field, GgufType type, long count) {
    long length = count * type.minBytes();
    checkSize(field, in.position() + length);
    byte[] bytes = in.readBytes(field, length);
    if (type == GgufType.BOOL) {
      for (byte b : bytes) {
        if (b != 0 && b != 1) {
          throw new MalformedFileException(file, field, "0 or 1", String.valueOf(b));
        }
      }
    }
    return new ScalarList(type, bytes);
  }

  private void checkSize(String field, long end) {
    if (end - start > MAX_BYTES) {
      throw new MalformedFileException(
          file, field, "at most " + MAX_BYTES + " bytes of metadata", "more");
    }
  }
}
