package dev.qwq.model;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Well-known shapes of models, for files with random weights. */
public enum Shapes {
  /** The shape of the small model that comes with the examples; 5 million parameters. */
  TINY("tiny", 6, 256, 768, 4, 2, 64, 1280, 1e-6f, 4096, true),
  /** Qwen2.5-0.5B-Instruct. */
  QWEN_0_5B("0.5b", 24, 896, 4864, 14, 2, 64, 151_936, 1e-6f, 32_768, true),
  /** Qwen2.5-1.5B-Instruct. */
  QWEN_1_5B("1.5b", 28, 1536, 8960, 12, 2, 128, 151_936, 1e-6f, 32_768, true),
  /** Qwen2.5-7B-Instruct. */
  QWEN_7B("7b", 28, 3584, 18_944, 28, 4, 128, 152_064, 1e-6f, 32_768, false),
  /** QwQ-32B. */
  QWQ_32B("32b", 64, 5120, 27_648, 40, 8, 128, 152_064, 1e-5f, 40_960, false);

  private static final float ROPE_THETA = 1e6f;

  private final String id;

  @SuppressWarnings("ImmutableEnumChecker") // a record of immutable values
  private final ModelConfig config;

  Shapes(
      String id,
      int layers,
      int hidden,
      int intermediate,
      int heads,
      int kvHeads,
      int headDim,
      int vocab,
      float eps,
      int context,
      boolean tied) {
    this.id = id;
    config =
        new ModelConfig(
            "qwen2",
            layers,
            hidden,
            intermediate,
            heads,
            kvHeads,
            headDim,
            vocab,
            eps,
            ROPE_THETA,
            Optional.empty(),
            context,
            tied);
  }

  /**
   * Finds a shape by its name.
   *
   * @param id a name such as {@code 0.5b}, in any case
   * @return the shape, or empty if there is none of that name
   */
  public static Optional<Shapes> of(String id) {
    String wanted = id.toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(shape -> shape.id.equals(wanted)).findFirst();
  }

  /**
   * Returns all names.
   *
   * @return the names, smallest model first
   */
  public static List<String> ids() {
    return Arrays.stream(values()).map(Shapes::id).toList();
  }

  /**
   * Returns the short name.
   *
   * @return the name, such as {@code 0.5b}
   */
  public String id() {
    return id;
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
   * Returns how large a file's weights are.
   *
   * @param mix the formats
   * @return the bytes of all tensors
   */
  public long weightBytes(QuantizationMix mix) {
    return Qwen2Tensors.of(config).stream()
        .mapToLong(
            tensor ->
                mix.format(config, tensor.name(), tensor.shape())
                    .bytes(tensor.shape().stream().reduce(1L, Math::multiplyExact)))
        .sum();
  }
}
