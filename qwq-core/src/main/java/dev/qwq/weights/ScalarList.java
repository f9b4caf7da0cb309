package dev.qwq.weights;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.AbstractList;
import java.util.RandomAccess;

/** An array of numbers or booleans as it lies in the file, boxed one at a time when asked for. */
final class ScalarList extends AbstractList<Object> implements RandomAccess {
  private final GgufType type;
  private final ByteBuffer bytes;

  ScalarList(GgufType type, byte[] bytes) {
    this.type = type;
    this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public int size() {
    return bytes.capacity() / type.minBytes();
  }

  @Override
  public Object get(int index) {
    int at = java.util.Objects.checkIndex(index, size()) * type.minBytes();
    return switch (type) {
      case UINT8 -> Byte.toUnsignedInt(bytes.get(at));
      case INT8 -> (int) bytes.get(at);
      case UINT16 -> Short.toUnsignedInt(bytes.getShort(at));
      case INT16 -> (int) bytes.getShort(at);
      case UINT32 -> unsigned(bytes.getInt(at));
      case INT32 -> bytes.getInt(at);
      case UINT64 -> unsigned(bytes.getLong(at));
      case INT64 -> bytes.getLong(at);
      case FLOAT32 -> bytes.getFloat(at);
      case FLOAT64 -> bytes.getDouble(at);
      case BOOL -> bytes.get(at) != 0;
      case STRING, ARRAY -> throw new IllegalStateException(type + " is no scalar");
    };
  }

  /** An Integer where it fits, as for the shorter types. */
  static Number unsigned(int value) {
    if (value >= 0) {
      return value;
    }
    return Integer.toUnsignedLong(value);
  }

  static Number unsigned(long value) {
    if (value >= 0) {
      return value;
    }
    return new BigInteger(Long.toUnsignedString(value));
  }
}
