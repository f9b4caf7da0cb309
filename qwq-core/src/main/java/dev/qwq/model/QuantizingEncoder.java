package dev.qwq.model;

import dev.qwq.weights.DType;
import dev.qwq.weights.TensorInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

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
  public void encode(
      TensorInfo source, DType format, long firstRow, long rows, MemorySegment target) {
    if (format == source.dtype() || source.shape().size() == 1) {
      KeepingEncoder.INSTANCE.encode(source, format, firstRow, rows, target);
      return;
    }
    long cols = source.cols();
    MemorySegment data = KeepingEncoder.rows(source, firstRow, rows);
    if (format == DType.F32) {
      NativeFormats.dequantize(source.dtype(), data, rows, cols, target);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment floats = data;
      if (source.dtype() != DType.F32 || data.address() % Float.BYTES != 0) {
        floats = arena.allocate(DType.F32.bytes(rows * cols), Float.BYTES);
        NativeFormats.dequantize(source.dtype(), data, rows, cols, floats);
      }
      NativeFormats.quantize(format, floats, rows, cols, target);
    }
  }
}
