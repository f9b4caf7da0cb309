package dev.qwq.model;

import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import dev.qwq.tokenizer.Tokenizer;
import dev.qwq.tokenizer.TokenizerData;
import dev.qwq.weights.GgufFile;
import dev.qwq.weights.SafetensorsFolder;
import dev.qwq.weights.TensorInfo;
import dev.qwq.weights.WeightFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An opened model: files mapped, configuration read, every tensor found and checked against it.
 *
 * <p>Tensors have the names of GGUF files whatever the files are: {@code token_embd.weight}, {@code
 * output_norm.weight}, {@code output.weight} (absent if the embedding matrix takes its place), and
 * for each layer N {@code blk.N.} with {@code attn_norm.weight}, {@code attn_q}, {@code attn_k},
 * {@code attn_v} (each {@code .weight} and {@code .bias}), {@code attn_output.weight}, {@code
 * ffn_norm.weight}, {@code ffn_gate.weight}, {@code ffn_up.weight}, {@code ffn_down.weight}.
 *
 * <p>Thread-safe. The tensors' segments are valid until {@link #close()}.
 */
public final class ModelSource implements AutoCloseable {
  private final Path path;
  private final ModelConfig config;
  private final Map<String, TensorInfo> tensors;
  private final Optional<Tokenizer> tokenizer;
  private final Map<String, String> chatTemplates;
  private final GenerationDefaults generationDefaults;
  private final WeightFiles files;

  private ModelSource(Parts parts, Map<String, TensorInfo> tensors, WeightFiles files) {
    path = parts.path;
    config = parts.config;
    tokenizer = parts.tokenizer;
    chatTemplates = parts.chatTemplates;
    generationDefaults = parts.generationDefaults;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.files = files;
  }

  /** What was read, its tensors still in the files. */
  private record Parts(
      Path path,
      ModelConfig config,
      Map<String, TensorInfo> tensors,
      Optional<Tokenizer> tokenizer,
      Map<String, String> chatTemplates,
      GenerationDefaults generationDefaults) {}

  /**
   * Opens a model, its weights mapped.
   *
   * @param path a GGUF file (the first part of a split one), or a Hugging Face folder, or its index
   *     or safetensors file
   * @return the opened model
   * @throws MalformedFileException if a file is damaged, or files contradict each other
   * @throws dev.qwq.UnsupportedModelException if the model is of a kind qwq does not run
   * @throws QwqException with {@code FILE_UNREADABLE} if a file is missing or cannot be read
   */
  public static ModelSource open(Path path) {
    return open(path, LoadMode.MAP, LoadProgress.NONE);
  }

  /**
   * Opens a model.
   *
   * @param path a GGUF file (the first part of a split one), or a Hugging Face folder, or its index
   *     or safetensors file
   * @param mode whether to map the weights or to read them into memory
   * @param progress is told how far reading into memory has come; not called when mapping
   * @return the opened model
   * @throws MalformedFileException if a file is damaged, or files contradict each other
   * @throws dev.qwq.UnsupportedModelException if the model is of a kind qwq does not run
   * @throws QwqException with {@code FILE_UNREADABLE} if a file is missing or cannot be read,
   *     {@code OUT_OF_MEMORY} if the weights do not fit into memory
   * @throws java.util.concurrent.CancellationException if {@code progress} says so, or the thread
   *     is interrupted
   */
  public static ModelSource open(Path path, LoadMode mode, LoadProgress progress) {
    if (ModelFiles.isGguf(path)) {
      GgufFile gguf = GgufFile.open(path);
      return finish(gguf.files(), () -> readGguf(gguf), mode, progress);
    }
    Path folder = ModelFiles.folderOf(path);
    Path config = folder.resolve("config.json");
    if (!Files.exists(config)) {
      throw new QwqException(
          ErrorCode.FILE_UNREADABLE,
          config + ": no such file; a model is a GGUF file or a folder with config.json");
    }
    ModelConfig read = HfConfig.read(config); // before the weights: it tells other models apart
    SafetensorsFolder weights = SafetensorsFolder.open(path.equals(config) ? folder : path);
    return finish(weights.files(), () -> readFolder(path, folder, read, weights), mode, progress);
  }

  /**
   * Returns where the model lies.
   *
   * @return the path it was opened by
   */
  public Path path() {
    return path;
  }

  /**
   * Returns the hyper-parameters.
   *
   * @return the configuration
   */
  public ModelConfig config() {
    return config;
  }

  /**
   * Returns a tensor.
   *
   * @param name its GGUF name
   * @return the tensor, or empty if the model has none of that name
   */
  public Optional<TensorInfo> tensor(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /**
   * Returns all tensors, in the order of a forward pass.
   *
   * @return an immutable list
   */
  public List<TensorInfo> tensors() {
    return List.copyOf(tensors.values());
  }

  /**
   * Returns the tokenizer.
   *
   * @return the tokenizer, or empty if the model brings none and runs on token ids only
   */
  public Optional<Tokenizer> tokenizer() {
    return tokenizer;
  }

  /**
   * Returns the chat template that is used unless another is asked for.
   *
   * @return its source text, or empty if the model has none
   */
  public Optional<String> chatTemplate() {
    return Optional.ofNullable(chatTemplates.get(ChatTemplates.DEFAULT));
  }

  /**
   * Returns all chat templates by name: {@code default}, {@code tool_use} and what else there is.
   *
   * @return an immutable map
   */
  public Map<String, String> chatTemplates() {
    return chatTemplates;
  }

  /**
   * Returns what the model recommends for generation.
   *
   * @return the defaults
   */
  public GenerationDefaults generationDefaults() {
    return generationDefaults;
  }

  /**
   * Returns the size of the weights.
   *
   * @return the bytes of all tensors
   */
  public long weightBytes() {
    return tensors.values().stream().mapToLong(TensorInfo::bytes).sum();
  }

  /**
   * Returns the files the weights lie in.
   *
   * @return their paths; empty if the weights were read into memory
   */
  public List<Path> files() {
    return files.paths();
  }

  /**
   * Checks that nobody has written to the mapped files since they were opened.
   *
   * @throws QwqException with {@code WEIGHTS_DAMAGED} if one has changed
   */
  public void verifyUnchanged() {
    files.verifyUnchanged();
  }

  /** Unmaps the files. No tensor may be in use. Idempotent. */
  @Override
  public void close() {
    files.close();
  }

  @FunctionalInterface
  private interface Reader {
    Parts read();
  }

  private static ModelSource finish(
      WeightFiles files, Reader reader, LoadMode mode, LoadProgress progress) {
    try {
      Parts parts = reader.read();
      if (mode == LoadMode.MAP) {
        return new ModelSource(parts, parts.tensors, files);
      }
      WeightFiles.InMemory copies =
          files.readIntoMemory(List.copyOf(parts.tensors.values()), progress);
      files.close();
      Map<String, TensorInfo> tensors = new LinkedHashMap<>();
      copies.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
      return new ModelSource(parts, tensors, copies.memory());
    } catch (Throwable e) {
      files.close();
      throw e;
    }
  }

  private static Parts readGguf(GgufFile gguf) {
    ModelConfig config = GgufConfig.read(gguf);
    Map<String, TensorInfo> tensors = TensorChecks.gguf(gguf, config);
    Optional<Tokenizer> tokenizer =
        TokenizerData.fromGguf(gguf.path(), gguf.metadata()).map(Tokenizer::of);
    checkVocabulary(gguf.path(), tokenizer, config);
    return new Parts(
        gguf.path(),
        config,
        tensors,
        tokenizer,
        ChatTemplates.fromGguf(gguf),
        GgufGeneration.read(gguf, config, tokenizer));
  }

  private static Parts readFolder(
      Path path, Path folder, ModelConfig config, SafetensorsFolder weights) {
    Map<String, TensorInfo> tensors = TensorChecks.huggingFace(folder, weights, config);
    Optional<Tokenizer> tokenizer = TokenizerData.readFolder(folder).map(Tokenizer::of);
    checkVocabulary(folder, tokenizer, config);
    return new Parts(
        path,
        config,
        tensors,
        tokenizer,
        ChatTemplates.fromFolder(folder),
        HfGeneration.read(folder, config, tokenizer));
  }

  private static void checkVocabulary(
      Path path, Optional<Tokenizer> tokenizer, ModelConfig config) {
    int size = tokenizer.map(Tokenizer::size).orElse(0);
    if (size > config.vocabSize()) {
      throw new MalformedFileException(
          path,
          "tokenizer",
          "at most " + config.vocabSize() + " ids, the rows of the embedding matrix",
          String.valueOf(size));
    }
  }
}
