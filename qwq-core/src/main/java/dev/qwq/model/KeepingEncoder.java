package dev.qwq.model;

import dev.qwq.weights.DType;
import dev.qwq.weights.TensorInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.OptionalInt;

/** Copies matrices; turns vectors into F32, exactly. */
final class KeepingEncoder implements TensorEncoder {
  static final KeepingEncoder INSTANCE = new KeepingEncoder();

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private KeepingEncoder() {}

  @Override
  public DType format(TensorInfo source) {
    return source.shape().size() == 1 ? DType.F32 : source.dtype();
  }

  @Override
  public OptionalInt fileType() {
    return OptionalInt.empty();
  }

  @Override
  public EncodingError encode(
      TensorInfo source, DType format, long firstRow, long rows, MemorySegment target) {
    MemorySegment data = rows(source, firstRow, rows);
    if (format == source.dtype()) {
      target.copyFrom(data);
      return EncodingError.NONE;
    }
    for (long i = 0; i < rows * source.cols(); i++) {
      short bits = data.getAtIndex(SHORT, i);
      float value =
          source.dtype() == DType.BF16
              ? Float.intBitsToFloat(bits << 16)
              : Float.float16ToFloat(bits);
      target.setAtIndex(FLOAT, i, value);
    }
    return EncodingError.NONE;
  }

  /** Returns the bytes of some rows. */
  static MemorySegment rows(TensorInfo tensor, long firstRow, long rows) {
    long rowBytes = tensor.dtype().bytes(tensor.cols());
    return tensor.data().asSlice(firstRow * rowBytes, rows * rowBytes);
  }
}
