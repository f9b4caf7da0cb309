package dev.qwq.model;

import dev.qwq.weights.DType;
import dev.qwq.weights.TensorInfo;
import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * Decides in which format each tensor of a written file is kept, and encodes it. Implementations
 * are thread-safe, and what they write depends on the tensor alone.
 */
public interface TensorEncoder {
  /**
   * Chooses a format.
   *
   * @param source a tensor of the model that is converted
   * @return the format it is to have
   */
  DType format(TensorInfo source);

  /**
   * Encodes some rows.
   *
   * @param source the tensor
   * @param format what {@link #format} chose for it
   * @param firstRow the first row, from 0
   * @param rows how many rows
   * @param target where they go; exactly as large as they are in {@code format}
   * @return how far their values moved
   */
  EncodingError encode(
      TensorInfo source, DType format, long firstRow, long rows, MemorySegment target);

  /**
   * Returns the number of the mix that comes out, as {@code general.file_type} has it.
   *
   * @return the number, or empty if it is that of the source
   */
  OptionalInt fileType();

  /**
   * Keeps matrices as they are; vectors (norms, biases) become F32, as readers of GGUF expect.
   *
   * @return the encoder; it needs no native library
   */
  static TensorEncoder keep() {
    return KeepingEncoder.INSTANCE;
  }

  /**
   * Encodes matrices anew, by the native library; those that have their format already are kept.
   *
   * @param mix which format each matrix gets
   * @param config the model's configuration
   * @return the encoder; vectors become F32
   */
  static TensorEncoder quantize(QuantizationMix mix, ModelConfig config) {
    return new QuantizingEncoder(mix, config);
  }
}
