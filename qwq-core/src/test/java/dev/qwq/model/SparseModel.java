package dev.qwq.model;

import dev.qwq.weights.DType;
import dev.qwq.weights.RawGguf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Model files of real sizes whose weights are holes: they take no room on disk. */
public final class SparseModel {
  private SparseModel() {}

  /** Writes a model's headers, and room for its weights. */
  public static Path write(Path file, Shapes shape, QuantizationMix mix) throws IOException {
    ModelConfig config = shape.config();
    RawGguf raw =
        new RawGguf()
            .put("general.architecture", "qwen2")
            .put("qwen2.block_count", config.layers())
            .put("qwen2.context_length", config.contextLength())
            .put("qwen2.embedding_length", config.hiddenSize())
            .put("qwen2.feed_forward_length", config.intermediateSize())
            .put("qwen2.attention.head_count", config.heads())
            .put("qwen2.attention.head_count_kv", config.kvHeads())
            .put("qwen2.attention.layer_norm_rms_epsilon", config.rmsNormEps())
            .put("qwen2.rope.freq_base", config.ropeTheta());
    long offset = 0;
    for (Qwen2Tensors.Expected tensor : Qwen2Tensors.of(config)) {
      DType format = mix.format(config, tensor.name(), tensor.shape());
      long[] dimensions = tensor.shape().reversed().stream().mapToLong(Long::longValue).toArray();
      raw.tensor(tensor.name(), format.id(), offset, dimensions);
      long elements = tensor.shape().stream().reduce(1L, Math::multiplyExact);
      offset += (format.bytes(elements) + 31) & -32L;
    }
    byte[] head = raw.bytes();
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(head));
      channel.write(ByteBuffer.allocate(1), ((head.length + 31) & -32L) + offset - 1);
    }
    return file;
  }
}
