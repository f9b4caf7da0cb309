package dev.qwq.model;

import java.util.Optional;

/**
 * The hyper-parameters of a model. Every number is read from the model's files, none is assumed.
 *
 * @param architecture the architecture by its GGUF name: {@code qwen2}
 * @param layers number of layers, at least 1
 * @param hiddenSize width of the residual stream, at least 1
 * @param intermediateSize width of the feed-forward network, at least 1
 * @param heads query heads of a layer, at least 1
 * @param kvHeads key and value heads of a layer; divides {@code heads}
 * @param headDim width of a head, even; not always {@code hiddenSize / heads}
 * @param vocabSize rows of the embedding matrix; may exceed the ids the tokenizer knows
 * @param rmsNormEps epsilon of every RMSNorm, above 0
 * @param ropeTheta base of the rotary position embedding, above 1
 * @param yarn how rotary frequencies are stretched, or empty if they are not
 * @param contextLength positions the model is made for, at least 1
 * @param tiedEmbeddings whether the output matrix is the embedding matrix
 */
public record ModelConfig(
    String architecture,
    int layers,
    int hiddenSize,
    int intermediateSize,
    int heads,
    int kvHeads,
    int headDim,
    int vocabSize,
    float rmsNormEps,
    float ropeTheta,
    Optional<Yarn> yarn,
    int contextLength,
    boolean tiedEmbeddings) {

  /**
   * YaRN (Peng et al. 2023, arXiv:2309.00071), static: the same for every position.
   *
   * @param factor by how much the context is stretched, at least 1
   * @param betaFast rotations over the original context above which a frequency stays, 32 unless
   *     the file says otherwise
   * @param betaSlow rotations below which a frequency is divided by the factor, 1 unless the file
   *     says otherwise
   * @param attentionFactor multiplies both cosine and sine; 0 means {@code 0.1 ln(factor) + 1}
   * @param originalContext positions the model was trained with before stretching
   */
  public record Yarn(
      float factor, float betaFast, float betaSlow, float attentionFactor, int originalContext) {}

  /** Positions Qwen2 models are trained with before any stretching. */
  private static final int FAMILY_CONTEXT = 32_768;

  /**
   * Returns how many positions the model was trained with, unless its YaRN says otherwise: the
   * context that files promise may be stretched already.
   *
   * @return positions
   */
  public int originalContext() {
    return Math.min(contextLength, FAMILY_CONTEXT);
  }

  /**
   * Returns this configuration with static YaRN by a factor, in place of what the files say. The
   * original context is that of the files' own YaRN, else the family's 32,768 positions or the
   * model's context if that is shorter: the context that files promise may be stretched already.
   *
   * @param factor by how much the original context is stretched, above 1
   * @return a configuration whose context is the stretched one
   */
  public ModelConfig withYarn(float factor) {
    int original = yarn.map(Yarn::originalContext).orElse(originalContext());
    return new ModelConfig(
        architecture,
        layers,
        hiddenSize,
        intermediateSize,
        heads,
        kvHeads,
        headDim,
        vocabSize,
        rmsNormEps,
        ropeTheta,
        Optional.of(new Yarn(factor, 32, 1, 0, original)),
        (int) Math.min(Integer.MAX_VALUE, (long) (original * (double) factor)),
        tiedEmbeddings);
  }
}
