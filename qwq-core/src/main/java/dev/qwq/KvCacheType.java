package dev.qwq;

/**
 * How the KV cache keeps what the model has read. It decides how long a context fits the memory,
 * and how fast long ones are computed.
 *
 * <p>A token takes {@code 2 * layers * kvHeads * headDim} elements: 131,072 for QwQ-32B. The
 * reference backend keeps 32 bits where others keep 16. What a model was opened with is {@link
 * ModelInfo#kvLayout()}.
 */
public enum KvCacheType {
  /**
   * 16 bits an element, of the kind that is computed fastest: {@link #I16} where the processor
   * computes all layers, {@link #F16} where a GPU takes part.
   */
  AUTO,
  /**
   * Floating-point numbers of 16 bits: 256 KiB a token of QwQ-32B. An element is off by at most
   * 1/2048 of itself. The processor then generates, bit for bit, what a GPU does, more slowly than
   * with {@link #I16}.
   */
  F16,
  /**
   * Integers of 16 bits and a 32-bit scale for each token and head: 260 KiB a token of QwQ-32B.
   * Nearer to exact than {@link #F16}: what a token has for a head of 128 elements is off by at
   * most 1/5792 of its length. For the processor alone, an instruction of which multiplies twice as
   * many of them; {@link Backend#CUDA} refuses it.
   */
  I16,
  /**
   * 8 bits an element and a 16-bit scale for each 32, 8.5 bits together: 136 KiB a token of
   * QwQ-32B. An element is off by at most 1/254 of the largest of its 32, about as much as Q8_0
   * weights are. The width of a head must be a multiple of 32. The tokens drawn are not those of
   * the others, but as reproducible.
   */
  Q8_0
}
