package dev.qwq;

import dev.qwq.engine.BackendKind;
import dev.qwq.engine.DeviceOptions;
import dev.qwq.engine.Engine;
import dev.qwq.engine.EngineOptions;
import dev.qwq.model.LoadMode;
import dev.qwq.model.ModelConfig;
import dev.qwq.model.ModelSource;
import dev.qwq.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * A model's files and the engine that runs them.
 *
 * @param source the files
 * @param config hyper-parameters as they are used
 * @param engine runs; to be closed before the files
 */
record LoadedModel(ModelSource source, ModelConfig config, Engine engine) implements AutoCloseable {
  /** See {@link Model#open(Path, ModelOptions)}. */
  static LoadedModel open(Path path, ModelOptions options) {
    return open(path, options, options.yarnFactor(), engineOptions(options).build());
  }

  /** See {@link ModelPlan#of}. */
  static ModelPlan plan(Path path, ModelOptions options) {
    try (ModelSource source = ModelSource.open(path)) {
      return Engine.plan(
          source, config(source, options.yarnFactor()), engineOptions(options).build());
    }
  }

  /**
   * Opens a model that drafts for another one, with room for the same conversations.
   *
   * @throws QwqException with {@code INVALID_ARGUMENT} if the same ids mean different tokens
   */
  static LoadedModel openDraft(Path path, LoadedModel model, ModelOptions options) {
    EngineOptions engineOptions =
        engineOptions(options)
            .contextLength(0)
            .devices(devices(options, DeviceOptions.ALL_THAT_FIT))
            .kvCacheTokens(model.engine().info().kvCacheTokens())
            .build();
    LoadedModel draft = open(path, options, OptionalDouble.empty(), engineOptions);
    try {
      checkVocabulary(path, model.source(), draft.source());
      return draft;
    } catch (RuntimeException | Error e) {
      draft.close();
      throw e;
    }
  }

  private static LoadedModel open(
      Path path, ModelOptions options, OptionalDouble yarnFactor, EngineOptions engineOptions) {
    LoadProgress progress = options.loadProgress();
    ModelSource source =
        ModelSource.open(
            path,
            options.weights() == ModelOptions.Weights.MAPPED ? LoadMode.MAP : LoadMode.MEMORY,
            progress::onProgress);
    try {
      ModelConfig config = config(source, yarnFactor);
      return new LoadedModel(
          source, config, Engine.open(source, config, engineOptions, progress::onProgress));
    } catch (RuntimeException | Error e) {
      source.close();
      throw e;
    }
  }

  private static ModelConfig config(ModelSource source, OptionalDouble yarnFactor) {
    ModelConfig own = source.config();
    return yarnFactor.isPresent() ? own.withYarn((float) yarnFactor.getAsDouble()) : own;
  }

  /**
   * Sizes may differ: models of a family pad their embeddings differently, and later ones know more
   * added tokens. What both know must be the same.
   */
  private static void checkVocabulary(Path path, ModelSource model, ModelSource draft) {
    Tokenizer own = model.tokenizer().orElse(null);
    Tokenizer other = draft.tokenizer().orElse(null);
    if (own == null || other == null) {
      return; // Ids only: whoever opens such models knows what they mean.
    }
    for (int id = 0; id < Math.min(own.size(), other.size()); id++) {
      if (!Arrays.equals(own.bytes(id), other.bytes(id))) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            "draftModel: %s: token %d: expected %s as in %s, found %s"
                .formatted(path, id, own.piece(id), model.path(), other.piece(id)));
      }
    }
  }

  private static EngineOptions.Builder engineOptions(ModelOptions options) {
    return EngineOptions.builder()
        .backend(
            switch (options.backend()) {
              case REFERENCE -> BackendKind.REFERENCE;
              case CPU -> BackendKind.CPU;
              case CUDA -> BackendKind.CUDA;
            })
        .cpuIsa(options.cpuIsa().orElse(null))
        .devices(devices(options, options.gpuLayers().orElse(DeviceOptions.ALL_THAT_FIT)))
        .threads(options.threads())
        .contextLength(options.contextLength())
        .kvCacheTokens(options.kvCacheTokens())
        .maxSequences(options.maxSequences())
        .maxQueued(options.maxQueued())
        .guardMapping(options.guardMapping())
        .kvCacheType(options.kvCacheType())
        .pinThreads(options.pinThreads());
  }

  private static DeviceOptions devices(ModelOptions options, int layers) {
    return new DeviceOptions(options.cudaDevices(), layers, options.deviceReserve());
  }

  @Override
  public void close() {
    engine.close();
    source.close();
  }
}
