package dev.qwq.model;

import dev.qwq.tokenizer.TokenizerData;
import dev.qwq.weights.ByteProgress;
import dev.qwq.weights.DType;
import dev.qwq.weights.GgufFile;
import dev.qwq.weights.GgufWriter;
import dev.qwq.weights.TensorInfo;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** Writes an opened model as one GGUF file. */
public final class GgufConverter {
  private GgufConverter() {}

  /**
   * Converts a model: configuration, weights, tokenizer, chat templates and generation defaults.
   *
   * @param source the model
   * @param target where the GGUF file is to lie; it appears there when it is whole
   * @param encoder which format each tensor gets
   * @param threads how many threads encode, at least 1; the result does not depend on it
   * @param progress is told how far the weights have come
   * @throws dev.qwq.UnsupportedModelException if the tokenizer is one that GGUF cannot express
   * @throws dev.qwq.QwqException if the file cannot be written
   * @throws java.util.concurrent.CancellationException if {@code progress} says so, or the thread
   *     is interrupted; nothing is left behind
   */
  public static void convert(
      ModelSource source, Path target, TensorEncoder encoder, int threads, ByteProgress progress) {
    try (GgufWriter writer = GgufWriter.create(target);
        ChunkPipeline pipeline = new ChunkPipeline(threads)) {
      GgufHead.write(writer, name(source), fileType(source, encoder), source.config());
      Optional<TokenizerData> tokenizer = tokenizer(source.path());
      OptionalInt eos = OptionalInt.empty();
      if (tokenizer.isPresent()) {
        GgufTokenizerWriter.write(writer, tokenizer.get(), source.config().vocabSize());
        eos = tokenizer.get().eosId();
      } else {
        GgufTokenizerWriter.writeNone(writer);
      }
      GgufHead.writeTemplates(writer, source.chatTemplates());
      GgufHead.writeDefaults(writer, source.generationDefaults(), eos);
      for (TensorInfo tensor : source.tensors()) {
        writer.declare(tensor.name(), encoder.format(tensor), tensor.shape());
      }
      writer.begin(progress);
      for (TensorInfo tensor : source.tensors()) {
        DType format = encoder.format(tensor);
        pipeline.run(
            tensor.rows(),
            tensor.cols(),
            format.bytes(tensor.cols()),
            (first, rows, chunk) -> encoder.encode(tensor, format, first, rows, chunk),
            chunk -> writer.write(tensor.name(), chunk.asByteBuffer()));
      }
      writer.finish();
    }
  }

  private static Optional<TokenizerData> tokenizer(Path model) {
    if (ModelFiles.isGguf(model)) {
      try (GgufFile gguf = GgufFile.openMetadata(model)) {
        return TokenizerData.fromGguf(model, gguf.metadata());
      }
    }
    return TokenizerData.readFolder(ModelFiles.folderOf(model));
  }

  private static String name(ModelSource source) {
    Path path = source.path().toAbsolutePath().normalize();
    Path named = ModelFiles.isGguf(path) ? path : ModelFiles.folderOf(path);
    return String.valueOf(named.getFileName()).replaceFirst("\\.gguf$", "");
  }

  /** Gate projections have the format that a mix is named after. */
  private static int fileType(ModelSource source, TensorEncoder encoder) {
    return source
        .tensor("blk.0.ffn_gate.weight")
        .map(tensor -> GgufHead.fileType(encoder.format(tensor)))
        .orElseThrow();
  }
}
