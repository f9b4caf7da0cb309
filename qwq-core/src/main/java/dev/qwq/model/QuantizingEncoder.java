package dev.qwq.model;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.weights.DType;
import dev.qwq.weights.TensorInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalInt;

/** Decodes to floats and encodes anew. */
final class QuantizingEncoder implements TensorEncoder {
  private final QuantizationMix mix;
  private final ModelConfig config;

  QuantizingEncoder(QuantizationMix mix, ModelConfig config) {
    this.mix = mix;
    this.config = config;
    NativeFormats.load();
  }

  @Override
  public DType format(TensorInfo source) {
    return mix.format(config, source.name(), source.shape());
  }

  @Override
  public OptionalInt fileType() {
    return OptionalInt.of(mix.fileType());
  }

  @Override
  public EncodingError encode(
      TensorInfo source, DType format, long firstRow, long rows, MemorySegment target) {
    if (format == source.dtype() || source.shape().size() == 1) {
      return KeepingEncoder.INSTANCE.encode(source, format, firstRow, rows, target);
    }
    long cols = source.cols();
    try (Arena arena = Arena.ofConfined()) {
      // A copy, since the mapped file may be cut short by others: in Java that is an exception.
      MemorySegment mapped = KeepingEncoder.rows(source, firstRow, rows);
      MemorySegment data = arena.allocate(mapped.byteSize(), Float.BYTES).copyFrom(mapped);
      MemorySegment values = data;
      if (source.dtype() != DType.F32) {
        values = arena.allocate(ValueLayout.JAVA_FLOAT, rows * cols);
        NativeFormats.dequantize(source.dtype(), data, rows, cols, values);
      }
      checkFinite(source, firstRow, values);
      if (format == DType.F32) {
        target.copyFrom(values);
        return EncodingError.NONE;
      }
      NativeFormats.quantize(format, values, rows, cols, target);
      MemorySegment encoded = arena.allocate(ValueLayout.JAVA_FLOAT, rows * cols);
      NativeFormats.dequantize(format, target, rows, cols, encoded);
      return compare(values, encoded);
    }
  }

  private static void checkFinite(TensorInfo source, long firstRow, MemorySegment values) {
    for (long i = 0; i < values.byteSize() / Float.BYTES; i++) {
      float value = values.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      if (!Float.isFinite(value)) {
        throw new QwqException(
            ErrorCode.MALFORMED_FILE,
            source.name()
                + "[%d, %d]: expected a finite number, found %s"
                    .formatted(firstRow + i / source.cols(), i % source.cols(), value));
      }
    }
  }

  private static EncodingError compare(MemorySegment values, MemorySegment encoded) {
    double squaredError = 0;
    double squaredSource = 0;
    double largest = 0;
    for (long i = 0; i < values.byteSize() / Float.BYTES; i++) {
      double value = values.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      double error = encoded.getAtIndex(ValueLayout.JAVA_FLOAT, i) - value;
      squaredError += error * error;
      squaredSource += value * value;
      largest = Math.max(largest, Math.abs(error));
    }
    return new EncodingError(squaredError, squaredSource, largest);
  }
}
