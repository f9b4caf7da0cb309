package dev.qwq.model;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.tokenizer.TokenizerData;
import dev.qwq.weights.ByteProgress;
import dev.qwq.weights.DType;
import dev.qwq.weights.GgufFile;
import dev.qwq.weights.GgufWriter;
import dev.qwq.weights.TensorInfo;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Writes an opened model as one GGUF file. */
public final class GgufConverter {
  private GgufConverter() {}

  /**
   * Converts a model: configuration, weights, tokenizer, chat templates and generation defaults. Of
   * a GGUF file all metadata are kept as they are.
   *
   * @param source the model
   * @param target where the GGUF file is to lie; it appears there when it is whole, and replaces
   *     what is there
   * @param encoder which format each tensor gets
   * @param threads how many threads encode, at least 1; the result does not depend on it
   * @param progress is told how far the weights have come
   * @return what became of each tensor, in the order of the file
   * @throws dev.qwq.UnsupportedModelException if the tokenizer is one that GGUF cannot express
   * @throws dev.qwq.QwqException if the file cannot be written; {@code MALFORMED_FILE} if a weight
   *     is no number, {@code WEIGHTS_DAMAGED} if the source changes meanwhile
   * @throws java.util.concurrent.CancellationException if {@code progress} says so, or the thread
   *     is interrupted; nothing is left behind
   */
  public static List<TensorReport> convert(
      ModelSource source, Path target, TensorEncoder encoder, int threads, ByteProgress progress) {
    return convert(source, GgufWriter.create(target), encoder, threads, progress);
  }

  /** Converts a model into a file that was begun; closes it. */
  static List<TensorReport> convert(
      ModelSource source,
      GgufWriter output,
      TensorEncoder encoder,
      int threads,
      ByteProgress progress) {
    try (GgufWriter writer = output;
        ChunkPipeline pipeline = new ChunkPipeline(threads)) {
      writeHead(writer, source, encoder);
      for (TensorInfo tensor : source.tensors()) {
        writer.declare(tensor.name(), encoder.format(tensor), tensor.shape());
      }
      writer.begin(progress);
      List<TensorReport> reports = new ArrayList<>();
      for (TensorInfo tensor : source.tensors()) {
        reports.add(write(writer, pipeline, source.path(), tensor, encoder));
      }
      source.verifyUnchanged();
      writer.finish();
      return List.copyOf(reports);
    }
  }

  private static TensorReport write(
      GgufWriter writer,
      ChunkPipeline pipeline,
      Path file,
      TensorInfo tensor,
      TensorEncoder encoder) {
    DType format = encoder.format(tensor);
    List<EncodingError> errors = new ArrayList<>();
    pipeline.run(
        tensor.rows(),
        tensor.cols(),
        format.bytes(tensor.cols()),
        (first, rows, chunk) -> encode(file, encoder, tensor, format, first, rows, chunk),
        (chunk, error) -> {
          errors.add(error);
          writer.write(tensor.name(), chunk.asByteBuffer());
        });
    return new TensorReport(
        tensor.name(),
        tensor.shape(),
        tensor.dtype(),
        format,
        tensor.bytes(),
        format.bytes(tensor.elements()),
        errors.stream().reduce(EncodingError.NONE, EncodingError::plus));
  }

  private static EncodingError encode(
      Path file,
      TensorEncoder encoder,
      TensorInfo tensor,
      DType format,
      long firstRow,
      long rows,
      MemorySegment target) {
    try {
      return encoder.encode(tensor, format, firstRow, rows, target);
    } catch (QwqException e) {
      throw new QwqException(e.code(), file + ": " + e.getMessage(), e);
    } catch (InternalError e) { // the JVM's word for a page that the file no longer has
      throw new QwqException(
          ErrorCode.WEIGHTS_DAMAGED, file + ": was cut short while it was being read", e);
    }
  }

  private static void writeHead(GgufWriter writer, ModelSource source, TensorEncoder encoder) {
    if (ModelFiles.isGguf(source.path())) {
      try (GgufFile gguf = GgufFile.openMetadata(source.path())) {
        GgufHead.copy(writer, gguf, encoder.fileType());
        return;
      }
    }
    int fileType = encoder.fileType().orElseGet(() -> fileType(source));
    GgufHead.write(writer, name(source), fileType, source.config());
    Optional<TokenizerData> tokenizer =
        TokenizerData.readFolder(ModelFiles.folderOf(source.path()));
    OptionalInt eos = OptionalInt.empty();
    if (tokenizer.isPresent()) {
      GgufTokenizerWriter.write(writer, tokenizer.get(), source.config().vocabSize());
      eos = tokenizer.get().eosId();
    } else {
      GgufTokenizerWriter.writeNone(writer);
    }
    GgufHead.writeTemplates(writer, source.chatTemplates());
    GgufHead.writeDefaults(writer, source.generationDefaults(), eos);
  }

  private static String name(ModelSource source) {
    Path folder = ModelFiles.folderOf(source.path().toAbsolutePath().normalize());
    return String.valueOf(folder.getFileName());
  }

  /** Safetensors hold plain numbers, mostly of one kind. */
  private static int fileType(ModelSource source) {
    DType format = source.tensor("blk.0.ffn_gate.weight").orElseThrow().dtype();
    return QuantizationMix.valueOf(format.name()).fileType();
  }
}
