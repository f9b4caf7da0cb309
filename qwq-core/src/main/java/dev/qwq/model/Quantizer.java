package dev.qwq.model;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.weights.ByteProgress;
import dev.qwq.weights.FileErrors;
import dev.qwq.weights.GgufWriter;
import dev.qwq.weights.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/** Writes a model's weights in other formats. */
public final class Quantizer {
  private final QuantizationMix mix;
  private final int threads;
  private final boolean replace;
  private final boolean requantize;

  /**
   * Creates a quantizer.
   *
   * @param mix which format each tensor gets
   * @param threads how many threads encode, at least 1; the result does not depend on it
   * @param replace whether a file that lies where the new one is to lie may be replaced
   * @param requantize whether weights that are quantised already may be quantised anew: the errors
   *     of both add up. Those that have the format they are to have are copied in any case
   */
  public Quantizer(QuantizationMix mix, int threads, boolean replace, boolean requantize) {
    this.mix = mix;
    this.threads = threads;
    this.replace = replace;
    this.requantize = requantize;
  }

  /**
   * Writes a model as one GGUF file. Memory for a few chunks of rows is enough, however large the
   * model.
   *
   * @param model a GGUF file (the first part of a split one), or a Hugging Face folder
   * @param target where the new file is to lie; it appears there when it is whole
   * @param progress is told how far the new file's weights have come
   * @return what became of it
   * @throws dev.qwq.MalformedFileException if a file is damaged
   * @throws dev.qwq.UnsupportedModelException if the model is of a kind qwq does not run
   * @throws QwqException with {@code INVALID_ARGUMENT} if {@code target} is there and may not be
   *     replaced, or is part of the model, or if weights are quantised already; with other codes if
   *     files cannot be read or written
   * @throws java.util.concurrent.CancellationException if {@code progress} says so, or the thread
   *     is interrupted; nothing is left behind
   */
  public Report quantize(Path model, Path target, ByteProgress progress) {
    try (ModelSource source = ModelSource.open(model)) {
      checkTarget(source, target, replace);
      TensorEncoder encoder = TensorEncoder.quantize(mix, source.config());
      if (!requantize) {
        checkSource(source, encoder);
      }
      GgufWriter writer = replace ? GgufWriter.create(target) : GgufWriter.createNew(target);
      List<TensorReport> tensors =
          GgufConverter.convert(source, writer, encoder, threads, progress);
      int substitutes =
          (int)
              source.tensors().stream()
                  .filter(t -> mix.isSubstitute(source.config(), t.name(), t.shape()))
                  .count();
      return new Report(tensors, substitutes);
    }
  }

  /**
   * What became of a model.
   *
   * @param tensors its tensors, in the order of the file
   * @param substitutes how many of them have rows that are no whole number of blocks of the format
   *     they should have, and got another one
   */
  public record Report(List<TensorReport> tensors, int substitutes) {
    /**
     * Returns the size of the weights before.
     *
     * @return bytes
     */
    public long sourceBytes() {
      return tensors.stream().mapToLong(TensorReport::sourceBytes).sum();
    }

    /**
     * Returns the size of the weights now.
     *
     * @return bytes
     */
    public long bytes() {
      return tensors.stream().mapToLong(TensorReport::bytes).sum();
    }

    /**
     * Returns how many bits a weight takes on average.
     *
     * @return bits
     */
    public double bitsPerWeight() {
      long weights =
          tensors.stream()
              .mapToLong(tensor -> tensor.shape().stream().reduce(1L, Math::multiplyExact))
              .sum();
      return 8.0 * bytes() / weights;
    }
  }

  private static void checkTarget(ModelSource source, Path target, boolean replace) {
    try {
      for (Path file : source.files()) {
        if (Files.exists(target) && Files.isSameFile(file, target)) {
          throw new QwqException(
              ErrorCode.INVALID_ARGUMENT,
              target + ": is part of the model that is read; choose another name");
        }
      }
      if (!replace && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT, target + ": is there already; --force replaces it");
      }
    } catch (IOException e) {
      throw FileErrors.unwritable(target, e);
    }
  }

  private static void checkSource(ModelSource source, TensorEncoder encoder) {
    List<TensorInfo> quantized =
        source.tensors().stream()
            .filter(tensor -> !tensor.dtype().isFloat() && encoder.format(tensor) != tensor.dtype())
            .toList();
    if (!quantized.isEmpty()) {
      TensorInfo first = quantized.getFirst();
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "%s: %d tensors are quantised already (%s is %s, and would be %s): quantising them anew"
                  .formatted(
                      source.path(),
                      quantized.size(),
                      first.name(),
                      first.dtype(),
                      encoder.format(first))
              + " adds one error to another. Start from an F16, BF16 or F32 model, or allow it"
              + " with --allow-requantize");
    }
  }
}
