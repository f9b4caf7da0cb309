package dev.qwq.model;

import dev.qwq.weights.DType;
import java.util.List;

/**
 * Which format each matrix of a quantised file gets: the mixes of llama.cpp without importance
 * matrix. Vectors are F32 in all of them.
 */
public enum QuantizationMix {
  /** All matrices F16. */
  F16(DType.F16, 1),
  /** All matrices Q8_0. */
  Q8_0(DType.Q8_0, 7),
  /** All matrices Q4_0 but the output matrix, Q6_K. */
  Q4_0(DType.Q4_0, 2),
  /** Q4_K; Q6_K for the output matrix and half of the value and down projections. */
  Q4_K_M(DType.Q4_K, 15);

  private final DType base;
  private final int fileType;

  QuantizationMix(DType base, int fileType) {
    this.base = base;
    this.fileType = fileType;
  }

  /**
   * Chooses a tensor's format.
   *
   * @param config the model's configuration
   * @param name the tensor's GGUF name
   * @param shape its shape, outermost first
   * @return the format
   */
  public DType format(ModelConfig config, String name, List<Long> shape) {
    if (shape.size() == 1) {
      return DType.F32;
    }
    if (base == DType.F16) {
      return base;
    }
    long cols = shape.getLast();
    DType wanted = isOutput(config, name) ? output(cols) : inner(config, name);
    return cols % wanted.blockElements() == 0 ? wanted : fallback(wanted, cols);
  }

  /** Returns the number of this mix in {@code general.file_type}. */
  int fileType() {
    return fileType;
  }

  /** The embedding matrix is the output matrix where they are tied. */
  private static boolean isOutput(ModelConfig config, String name) {
    return name.equals("output.weight")
        || config.tiedEmbeddings() && name.equals("token_embd.weight");
  }

  private DType output(long cols) {
    return this == Q8_0 || cols % DType.Q6_K.blockElements() != 0 ? DType.Q8_0 : DType.Q6_K;
  }

  private DType inner(ModelConfig config, String name) {
    boolean sensitive = name.endsWith(".attn_v.weight") || name.endsWith(".ffn_down.weight");
    return this == Q4_K_M && sensitive && usesMoreBits(layer(name), config.layers())
        ? DType.Q6_K
        : base;
  }

  /** The first and the last eighth of the layers, and every third between. */
  private static boolean usesMoreBits(int layer, int layers) {
    int eighth = layers / 8;
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
  }

  private static int layer(String name) {
    return Integer.parseInt(name.substring("blk.".length(), name.indexOf('.', "blk.".length())));
  }

  /** For rows that are no whole number of blocks. */
  private static DType fallback(DType wanted, long cols) {
    DType smaller =
        switch (wanted) {
          case Q4_K -> DType.Q5_0;
          case Q6_K -> DType.Q8_0;
          default -> DType.F16;
        };
    return cols % smaller.blockElements() == 0 ? smaller : DType.F16;
  }
}
