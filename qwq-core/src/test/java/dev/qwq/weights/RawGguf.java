package dev.qwq.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Builds GGUF files byte by byte, right or wrong. */
public final class RawGguf {
  public static final int UINT32 = 4;
  public static final int FLOAT32 = 6;
  public static final int BOOL = 7;
  public static final int STRING = 8;
  public static final int ARRAY = 9;

  private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
  private final ByteArrayOutputStream tensors = new ByteArrayOutputStream();
  private byte[] magic = "GGUF".getBytes(StandardCharsets.US_ASCII);
  private int version = 3;
  private long keyCount;
  private long tensorCount;
  private byte[] data = {};
  private int alignment = 32;

  public RawGguf magic(String text) {
    magic = text.getBytes(StandardCharsets.ISO_8859_1);
    return this;
  }

  public RawGguf version(int value) {
    version = value;
    return this;
  }

  public RawGguf keyCount(long value) {
    keyCount = value;
    return this;
  }

  public RawGguf tensorCount(long value) {
    tensorCount = value;
    return this;
  }

  public RawGguf data(int bytes) {
    data = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      data[i] = (byte) (i * 31 + 7);
    }
    return this;
  }

  /** Adds an entry whose value is given as bytes. */
  public RawGguf put(String key, int type, byte[] value) {
    metadata.writeBytes(string(key));
    metadata.writeBytes(int32(type));
    metadata.writeBytes(value);
    keyCount++;
    return this;
  }

  public RawGguf put(String key, String value) {
    return put(key, STRING, string(value));
  }

  public RawGguf put(String key, int value) {
    return put(key, UINT32, int32(value));
  }

  public RawGguf put(String key, float value) {
    return put(key, FLOAT32, int32(Float.floatToRawIntBits(value)));
  }

  public RawGguf put(String key, boolean value) {
    return put(key, BOOL, new byte[] {(byte) (value ? 1 : 0)});
  }

  public RawGguf alignment(int value) {
    alignment = value;
    return put("general.alignment", value);
  }

  /** Declares a tensor; dimensions as in the file, innermost first. */
  public RawGguf tensor(String name, int type, long offset, long... dimensions) {
    tensors.writeBytes(string(name));
    tensors.writeBytes(int32(dimensions.length));
    for (long dimension : dimensions) {
      tensors.writeBytes(int64(dimension));
    }
    tensors.writeBytes(int32(type));
    tensors.writeBytes(int64(offset));
    tensorCount++;
    return this;
  }

  public byte[] bytes() {
    byte[] head =
        concat(
            magic,
            int32(version),
            int64(tensorCount),
            int64(keyCount),
            metadata.toByteArray(),
            tensors.toByteArray());
    int padding = data.length == 0 ? 0 : Math.floorMod(-head.length, alignment);
    return concat(head, new byte[padding], data);
  }

  public Path writeTo(Path file) {
    try {
      return Files.write(file, bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static byte[] string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return concat(int64(utf8.length), utf8);
  }

  public static byte[] array(int type, long count, byte[]... elements) {
    return concat(int32(type), int64(count), concat(elements));
  }

  public static byte[] int32(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  public static byte[] int64(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  public static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
